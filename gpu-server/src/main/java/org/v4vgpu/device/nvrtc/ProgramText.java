package org.v4vgpu.device.nvrtc;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.v4vgpu.device.nvrtc.Compilation.Result;

/**
 * A program as the compiler gets it, checked: its text between the lines that its options and name expressions make, its headers as
 * files. Immutable.
 */
record ProgramText(String text, Map<String, String> headers, CompileOptions options, NameExpressions nameExpressions) {
    /** A relative path that stays where it is. */
    private static final Pattern HEADER_NAME = Pattern.compile("(?!\\.)[\\w.+-]{1,100}(/(?!\\.)[\\w.+-]{1,100}){0,10}");

    /** @throws InvalidProgramException if the program is wrong before anything is compiled */
    static ProgramText of(Program program) throws InvalidProgramException {
        CompileOptions options = CompileOptions.of(program.options());
        NameExpressions expressions = new NameExpressions(program.nameExpressions());
        expressions.check();
        Map<String, String> headers = new LinkedHashMap<>();
        for (Program.Header header : program.headers()) {
            if (!HEADER_NAME.matcher(header.name()).matches()) {
                throw new InvalidProgramException(
                        Result.INVALID_INPUT,
                        "header '" + header.name() + "': a name is a relative path of plain characters, without ..");
            }
            headers.put(header.name(), header.text());
        }
        StringBuilder text = new StringBuilder();
        options.prologue().forEach(line -> text.append(line).append('\n'));
        text.append("#line 1 \"").append(quoted(program.name())).append("\"\n");
        text.append(program.text());
        return new ProgramText(text.toString(), headers, options, expressions);
    }

    /** A name as it can stand in a string of C++. */
    private static String quoted(String name) {
        return name.replaceAll("\\p{Cntrl}", "?").replace("\\", "\\\\").replace("\"", "\\\"");
    }
}
