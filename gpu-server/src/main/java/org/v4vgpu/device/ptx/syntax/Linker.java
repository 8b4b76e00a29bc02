package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.syntax.LinkInput.Declaration;
import org.v4vgpu.device.ptx.syntax.LinkInput.Subject;
import org.v4vgpu.proto.CudaStatus;

/**
 * Makes one PTX text of several: what one declares {@code .extern} another defines, what each has for itself stays its own. Confined
 * to one thread. Source: PTX ISA 11.6, linking directives; CUDA driver API, cuLinkAddData.
 *
 * <p>The text keeps the lines of the inputs, those of the second behind those of the first and so on, so that an error of a later input
 * has the sum as its line. The version is the newest of all, and so is the target. The time that it takes grows with the sum of the texts,
 * whatever they hold, and that has the limit of a single text.
 */
public final class Linker {
    private final List<LinkInput> inputs = new ArrayList<>();

    /** Who defines what all can see, strong definitions before weak ones. */
    private final Map<String, Definition> definitions = new HashMap<>();

    /** In how many inputs a name stands at the top level. */
    private final Map<String, Integer> holders = new HashMap<>();

    private final Set<String> written = new HashSet<>();
    private final StringBuilder text = new StringBuilder();
    private final Patience patience;
    private int line = 1;
    private int attempts;

    private record Definition(LinkInput input, Declaration declaration) {
        boolean is(LinkInput where, Declaration what) {
            return input == where && declaration.start() == what.start();
        }
    }

    private Linker(Patience patience) {
        this.patience = patience;
    }

    /** Who says how long linking may take. */
    public interface Patience {
        /** Looks at the clock. @throws PtxErrors.Refusal at a line, if the time is over */
        void require(int line);
    }

    /**
     * Links texts.
     *
     * @param patience asked for each top-level statement, each time that one is looked at
     * @throws DeviceException INVALID_PTX if a text has no form, two define the same, they are too long together, or it takes too long
     */
    public static String link(List<String> texts, Patience patience) throws DeviceException {
        if (texts.size() == 1) {
            return texts.getFirst();
        }
        requireShort(texts);
        PtxErrors errors = new PtxErrors();
        try {
            Linker linker = new Linker(patience);
            linker.read(texts);
            return linker.write();
        } catch (PtxErrors.Refusal refusal) {
            errors.add(refusal);
            errors.throwIfAny();
            throw new AssertionError("a refusal is an error", refusal);
        }
    }

    private static void requireShort(List<String> texts) throws DeviceException {
        long characters = texts.stream().mapToLong(String::length).sum();
        if (characters > Parser.MOST_CHARACTERS) {
            throw new DeviceException(
                    CudaStatus.INVALID_PTX,
                    "line 1: the texts have " + characters + " characters together, at most " + Parser.MOST_CHARACTERS
                            + " are supported");
        }
    }

    private void read(List<String> texts) throws DeviceException {
        int offset = 0;
        for (String each : texts) {
            inputs.add(new LinkInput(each, inputs.size(), offset, patience));
            offset += (int) each.chars().filter(c -> c == '\n').count() + 1;
        }
        for (LinkInput input : inputs) {
            for (Declaration declaration : input.declarations()) {
                require(input, declaration);
                if (declaration.defines() && declaration.exported()) {
                    define(input, declaration);
                }
            }
        }
        for (LinkInput input : inputs) {
            input.names().forEach(name -> holders.merge(name, 1, Integer::sum));
        }
        for (LinkInput input : inputs) {
            separate(input);
        }
    }

    private void define(LinkInput input, Declaration declaration) throws DeviceException {
        for (String name : declaration.names()) {
            Definition known = definitions.get(name);
            if (known == null || (known.declaration.weak() && !declaration.weak())) {
                definitions.put(name, new Definition(input, declaration));
            } else if (!declaration.weak()) {
                throw new DeviceException(
                        CudaStatus.INVALID_PTX,
                        "line " + input.tokens().get(declaration.start()).line() + ": " + name
                                + " is defined by input " + known.input.ordinal() + " and by input "
                                + input.ordinal());
            }
        }
    }

    /** Names that are a text's own must be no other's. */
    private void separate(LinkInput input) {
        Set<String> exported = new HashSet<>();
        for (Declaration declaration : input.declarations()) {
            if (declaration.exported()) {
                exported.addAll(declaration.names());
            }
        }
        Set<String> shared = new LinkedHashSet<>();
        for (Declaration declaration : input.declarations()) {
            require(input, declaration);
            if (!declaration.external() && !declaration.exported() && !isForward(declaration, exported)) {
                declaration.names().stream().filter(this::isOfSeveral).forEach(shared::add);
            }
        }
        if (shared.isEmpty()) {
            return;
        }
        Set<String> words = input.words();
        Map<String, String> others = new HashMap<>();
        for (String name : shared) {
            String other = free(name + "__" + input.ordinal(), words);
            others.put(name, other);
            holders.merge(name, -1, Integer::sum);
            holders.put(other, 1);
        }
        input.rename(others);
    }

    private void require(LinkInput input, Declaration declaration) {
        patience.require(input.tokens().get(declaration.start()).line());
    }

    private boolean isOfSeveral(String name) {
        return holders.getOrDefault(name, 0) > 1;
    }

    /** The numbers never start again: texts that hold many of these names take no longer for it. */
    private String free(String wanted, Set<String> words) {
        String found = wanted;
        while (holders.containsKey(found) || words.contains(found)) {
            found = wanted + "_" + ++attempts;
        }
        return found;
    }

    /** A prototype without linkage in front of a definition that has one. */
    private static boolean isForward(Declaration declaration, Set<String> exported) {
        return declaration.subject() == Subject.FUNCTION
                && !declaration.defines()
                && exported.contains(declaration.name());
    }

    private String write() throws DeviceException {
        LinkInput newest = inputs.getFirst();
        String target = "";
        for (LinkInput input : inputs) {
            newest = input.version() > newest.version() ? input : newest;
            target = architecture(input.target()) > architecture(target) ? input.target() : target;
        }
        text.append(".version ").append(newest.versionText());
        text.append(" .target ").append(target.isEmpty() ? "sm_50" : target).append(" .address_size 64 ");
        for (LinkInput input : inputs) {
            for (Declaration declaration : input.declarations()) {
                require(input, declaration);
                write(input, declaration);
            }
        }
        return text.append('\n').toString();
    }

    private static int architecture(String target) {
        String digits = target.replaceAll("\\D", "");
        return digits.isEmpty() || digits.length() > 4 ? 0 : Integer.parseInt(digits);
    }

    private void write(LinkInput input, Declaration declaration) throws DeviceException {
        switch (declaration.subject()) {
            case OTHER -> write(input, declaration.start(), declaration.end(), 0);
            case FUNCTION -> writeFunction(input, declaration);
            case VARIABLE -> writeVariables(input, declaration);
        }
    }

    /** A weak function that another input defines is declared in its place. */
    private void writeFunction(LinkInput input, Declaration function) {
        Definition chosen = function.exported() ? definitions.get(function.name()) : null;
        if (chosen == null || !function.defines() || chosen.is(input, function)) {
            write(input, function.start(), function.end(), 0);
        } else {
            write(input, function.start(), function.body(), 0);
            text.append("; ");
        }
    }

    /** The first place that names a variable of another input gets its definition, for those behind it know it from there on. */
    private void writeVariables(LinkInput input, Declaration variables) throws DeviceException {
        Definition chosen = chosen(input, variables);
        boolean isShared = variables.external() || variables.exported();
        if (isShared && !written.add(variables.name())) {
            return;
        }
        if (chosen == null) {
            write(input, variables.start(), variables.end(), 0);
        } else {
            write(
                    chosen.input,
                    chosen.declaration.start(),
                    chosen.declaration.end(),
                    input.tokens().get(variables.start()).line());
        }
    }

    /** Which definition is meant, if it is not this one. */
    private @Nullable Definition chosen(LinkInput input, Declaration variables) throws DeviceException {
        Definition found = null;
        for (String name : variables.external() || variables.exported() ? variables.names() : List.<String>of()) {
            Definition definition = definitions.get(name);
            if (definition != null && !definition.is(input, variables)) {
                found = definition;
            }
        }
        if (found != null
                && (variables.names().size() > 1 || found.declaration.names().size() > 1)) {
            throw new DeviceException(
                    CudaStatus.NOT_SUPPORTED,
                    "line " + input.tokens().get(variables.start()).line()
                            + ": linking variables that are declared together: " + variables.names());
        }
        return found;
    }

    /** Writes words at their lines, or all at one line that is not 0. */
    private void write(LinkInput input, int start, int end, int at) {
        for (Token token : input.tokens().subList(start, end)) {
            int wanted = at == 0 ? token.line() : at;
            for (; line < wanted; line++) {
                text.append('\n');
            }
            switch (token.kind()) {
                case DOTTED -> text.append('.').append(token.text());
                case STRING -> text.append('"').append(token.text()).append('"');
                case WORD, NUMBER, MARK -> text.append(token.text());
                case END -> throw new AssertionError("the end is no part of a declaration");
            }
            text.append(' ');
            if (text.length() > Parser.MOST_CHARACTERS) {
                throw new PtxErrors.Refusal(
                        token.line(), "the linked text has more than " + Parser.MOST_CHARACTERS + " characters");
            }
        }
    }
}
