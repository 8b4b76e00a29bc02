package org.v4vgpu.device.ptx.syntax;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which file and line of the source each line of PTX was made from, by the {@code .file} and {@code .loc} directives; empty for text
 * without them (nvcc writes them with {@code -lineinfo}). Immutable, safe for any thread. Source: PTX ISA 11.5.3 and 11.5.4.
 */
public final class SourceLines {
    /** A stranger's text goes into messages: no longer than this, and printable. */
    private static final int MOST_NAME_CHARACTERS = 120;

    /** A place in the source. */
    private record Place(String file, String line) {}

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
                found.places.put(directive.line(), new Place(first.text(), second.text()));
            }
        }
        return found;
    }

    /**
     * The source of a line, as {@code scale.cu:12}; empty if it is not known.
     *
     * @param from the first line of the function that holds it: what stands before says nothing about it
     */
    public String at(int line, int from) {
        Map.Entry<Integer, Place> found = places.floorEntry(line);
        if (found == null || found.getKey() < from) {
            return "";
        }
        Place place = found.getValue();
        String file = files.getOrDefault(place.file, "");
        return file.isEmpty() ? "" : file + ":" + place.line;
    }

    /** A path's last part. */
    private static String name(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^\\x20-\\x7e]", "?");
        return name.length() <= MOST_NAME_CHARACTERS ? name : name.substring(name.length() - MOST_NAME_CHARACTERS);
    }
}
