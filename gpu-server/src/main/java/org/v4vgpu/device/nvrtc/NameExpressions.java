package org.v4vgpu.device.nvrtc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.nvrtc.Compilation.Result;

/**
 * Finds the lowered names of a program's name expressions: for each a variable behind the program that holds what the expression
 * names. So the compiler itself instantiates templates, chooses and mangles, and the variable's initial value in the PTX is the
 * name. The variables are taken out of the PTX again. Immutable.
 */
record NameExpressions(List<String> expressions) {
    private static final String VARIABLE = "v4vgpu_lowered_name_";

    private static final Pattern DEFINITION =
            Pattern.compile("(?m)^\\s*(?:\\.visible\\s+)?\\.global\\s+\\.align\\s+8\\s+\\.u64\\s+" + VARIABLE
                    + "(\\d{1,6})\\s*=\\s*(?:generic\\()?([A-Za-z_$%][\\w$]*)\\)?;\\R?");

    /** @throws InvalidProgramException NAME_EXPRESSION_NOT_VALID for one that is not a single line */
    void check() throws InvalidProgramException {
        for (String expression : expressions) {
            if (expression.isBlank() || expression.chars().anyMatch(Character::isISOControl)) {
                throw new InvalidProgramException(
                        Result.NAME_EXPRESSION_NOT_VALID, "name expression '" + expression.strip() + "'");
            }
        }
    }

    /** What belongs behind the program. */
    String epilogue() {
        StringBuilder lines = new StringBuilder("\n#line 1 \"name expressions\"\n");
        for (int i = 0; i < expressions.size(); i++) {
            lines.append("extern \"C\" __device__ void *")
                    .append(VARIABLE)
                    .append(i)
                    .append(" = (void *)(")
                    .append(expressions.get(i))
                    .append(");\n");
        }
        return expressions.isEmpty() ? "" : lines.toString();
    }

    /** The compilation of a program with its {@link #epilogue}, without it and with the names. */
    Compilation resolve(String ptx, String log) {
        if (expressions.isEmpty()) {
            return new Compilation(Result.SUCCESS, ptx, log, List.of());
        }
        @Nullable String[] names = new @Nullable String[expressions.size()];
        Matcher definition = DEFINITION.matcher(ptx);
        while (definition.find()) {
            int index = Integer.parseInt(definition.group(1));
            if (index < names.length) {
                names[index] = definition.group(2);
            }
        }
        List<String> found =
                new ArrayList<>(Arrays.stream(names).filter(Objects::nonNull).toList());
        if (found.size() < names.length) {
            int missing = Arrays.asList(names).indexOf(null);
            return Compilation.failed(
                    Result.NAME_EXPRESSION_NOT_VALID,
                    log + "name expression '" + expressions.get(missing)
                            + "' names no kernel and no device variable\n");
        }
        return new Compilation(Result.SUCCESS, definition.replaceAll(""), log, found);
    }
}
