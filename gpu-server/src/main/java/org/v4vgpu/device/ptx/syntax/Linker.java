package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
 * has the sum as its line. The version is the newest of all, and so is the target.
 */
public final class Linker {
    private final List<LinkInput> inputs = new ArrayList<>();

    /** Who defines what all can see, strong definitions before weak ones. */
    private final Map<String, Definition> definitions = new HashMap<>();

    private final Set<String> written = new HashSet<>();
    private final StringBuilder text = new StringBuilder();
    private int line = 1;

    private record Definition(LinkInput input, Declaration declaration) {
        boolean is(LinkInput where, Declaration what) {
            return input == where && declaration.equals(what);
        }
    }

    private Linker() {}

    /**
     * Links texts.
     *
     * @throws DeviceException INVALID_PTX if a text has no form, or two define the same
     */
    public static String link(List<String> texts) throws DeviceException {
        if (texts.size() == 1) {
            return texts.getFirst();
        }
        PtxErrors errors = new PtxErrors();
        try {
            Linker linker = new Linker();
            linker.read(texts);
            return linker.write();
        } catch (PtxErrors.Refusal refusal) {
            errors.add(refusal);
            errors.throwIfAny();
            throw new AssertionError("a refusal is an error", refusal);
        }
    }

    private void read(List<String> texts) throws DeviceException {
        int offset = 0;
        for (String each : texts) {
            inputs.add(new LinkInput(each, inputs.size(), offset));
            offset += (int) each.chars().filter(c -> c == '\n').count() + 1;
        }
        for (LinkInput input : inputs) {
            for (Declaration declaration : input.declarations()) {
                if (declaration.defines() && declaration.exported()) {
                    define(input, declaration);
                }
            }
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
                                + " is defined by input " + (inputs.indexOf(known.input) + 1) + " and by input "
                                + (inputs.indexOf(input) + 1));
            }
        }
    }

    /** Names that are a text's own must be no other's. */
    private void separate(LinkInput input) {
        Set<String> taken = new HashSet<>();
        for (LinkInput other : inputs) {
            if (other != input) {
                taken.addAll(other.names());
            }
        }
        for (Declaration declaration : List.copyOf(input.declarations())) {
            if (declaration.external() || declaration.exported() || isForward(input, declaration)) {
                continue;
            }
            for (String name : declaration.names()) {
                if (taken.contains(name)) {
                    String other = name + "__" + (inputs.indexOf(input) + 1);
                    while (taken.contains(other) || input.names().contains(other)) {
                        other += "_";
                    }
                    input.rename(name, other);
                }
            }
        }
    }

    /** A prototype without linkage in front of a definition that has one. */
    private static boolean isForward(LinkInput input, Declaration declaration) {
        return declaration.subject() == Subject.FUNCTION
                && !declaration.defines()
                && input.declarations().stream()
                        .anyMatch(each -> each.exported() && each.names().equals(declaration.names()));
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
        }
    }
}
