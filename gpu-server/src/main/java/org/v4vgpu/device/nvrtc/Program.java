package org.v4vgpu.device.nvrtc;

import java.util.ArrayList;
import java.util.List;

/**
 * What a client wants compiled, as nvrtcCreateProgram, nvrtcAddNameExpression and nvrtcCompileProgram take it. Immutable. Nothing in
 * it can be trusted.
 *
 * @param name stands for the program's file in the log
 * @param options as NVRTC has them, unchecked
 * @param nameExpressions what lowered names are wanted of: {@code "&space::variable"}, {@code "kernel<float>"}
 */
public record Program(
        String name, String text, List<Header> headers, List<String> options, List<String> nameExpressions) {
    public Program {
        headers = List.copyOf(headers);
        options = List.copyOf(options);
        nameExpressions = List.copyOf(nameExpressions);
    }

    Program withFirstOption(String option) {
        List<String> all = new ArrayList<>(options);
        all.addFirst(option);
        return new Program(name, text, headers, all, nameExpressions);
    }

    /**
     * A file that the program may include.
     *
     * @param name by which it is included
     */
    public record Header(String name, String text) {}
}
