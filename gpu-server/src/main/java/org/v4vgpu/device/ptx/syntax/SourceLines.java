package org.v4vgpu.device.ptx.syntax;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which file and line of the source each line of PTX was made from, by the {@code .file} and {@code .loc} directives; empty for text
 * without them (nvcc writes them with {@code -lineinfo}). Immutable, safe for any thread. Source: PTX ISA 11.5.3 and 11.5.4.
 */
public final class SourceLines {
    /** A stranger's text goes into messages: no longer than this, and printable. */
    private static final int MOST_NAME_CHARACTERS = 120;

    /** How far behind a {@code .loc} its {@code inlined_at} may stand. */
    private static final int MOST_TOKENS = 16;

    /** A place in the source, and into which line it was put, if it is of a function that is inlined. */
    private record Place(String file, String line, @Nullable Place into) {}

    private final Map<String, String> files = new HashMap<>();
    private final TreeMap<Integer, Place> places = new TreeMap<>();

    private SourceLines() {}

    /** Picks the directives out of a module's tokens. A {@code .loc} may name a file whose {@code .file} stands at the end. */
    static SourceLines of(List<Token> tokens) {
        SourceLines found = new SourceLines();
        for (int i = 0; i + 2 < tokens.size(); i++) {
            Token directive = tokens.get(i);
            Token first = tokens.get(i + 1);
            Token second = tokens.get(i + 2);
            if (directive.kind() != Token.Kind.DOTTED || first.kind() != Token.Kind.NUMBER) {
                continue;
            }
            if (directive.text().equals("file") && second.kind() == Token.Kind.STRING) {
                found.files.put(first.text(), name(second.text()));
            } else if (directive.text().equals("loc") && second.kind() == Token.Kind.NUMBER) {
                found.places.put(directive.line(), new Place(first.text(), second.text(), into(tokens, i + 3)));
            }
        }
        return found;
    }

    /** What {@code inlined_at} behind a {@code .loc} names: the line of the outermost call is where a reader looks. */
    private static @Nullable Place into(List<Token> tokens, int from) {
        int line = tokens.get(from - 1).line();
        int end = Math.min(tokens.size() - 2, from + MOST_TOKENS);
        for (int i = from; i < end && tokens.get(i).line() == line; i++) {
            Token file = tokens.get(i + 1);
            Token at = tokens.get(i + 2);
            if (tokens.get(i).text().equals("inlined_at")
                    && file.kind() == Token.Kind.NUMBER
                    && at.kind() == Token.Kind.NUMBER) {
                return new Place(file.text(), at.text(), null);
            }
        }
        return null;
    }

    /**
     * The source of a line, as {@code scale.cu:12}, or {@code sum.h:7, inlined at scale.cu:12}; empty if it is not known.
     *
     * @param from the first line of the function that holds it: what stands before says nothing about it
     */
    public String at(int line, int from) {
        Map.Entry<Integer, Place> found = places.floorEntry(line);
        if (found == null || found.getKey() < from) {
            return "";
        }
        Place place = found.getValue();
        String into = place.into == null ? "" : words(place.into);
        String words = words(place);
        return words.isEmpty() || into.isEmpty() ? words : words + ", inlined at " + into;
    }

    private String words(Place place) {
        String file = files.getOrDefault(place.file, "");
        return file.isEmpty() ? "" : file + ":" + place.line;
    }

    /** A path's last part. */
    private static String name(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^\\x20-\\x7e]", "?");
        return name.length() <= MOST_NAME_CHARACTERS ? name : name.substring(name.length() - MOST_NAME_CHARACTERS);
    }
}
