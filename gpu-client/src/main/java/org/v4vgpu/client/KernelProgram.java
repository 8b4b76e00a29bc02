package org.v4vgpu.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * CUDA C++ to be compiled by a server. Immutable.
 *
 * {@snippet :
 *   CompiledProgram add = device.compile(KernelProgram.of("add.cu", text).withOptions("-arch=compute_75"));
 *   RemoteModule module = context.loadModule(add.orElseThrow());
 * }
 *
 * @param name stands for the program's file in the log
 * @param headers what the program may include, by name
 * @param options as NVRTC has them
 * @param nameExpressions what lowered names are wanted of, as for nvrtcAddNameExpression
 */
public record KernelProgram(
        String name, String text, Map<String, String> headers, List<String> options, List<String> nameExpressions) {
    public KernelProgram {
        SequencedMap<String, String> ordered = new LinkedHashMap<>(headers);
        headers = Collections.unmodifiableMap(ordered);
        options = List.copyOf(options);
        nameExpressions = List.copyOf(nameExpressions);
    }

    public static KernelProgram of(String name, String text) {
        return new KernelProgram(name, text, Map.of(), List.of(), List.of());
    }

    public KernelProgram withHeaders(Map<String, String> texts) {
        return new KernelProgram(name, text, texts, options, nameExpressions);
    }

    public KernelProgram withOptions(String... wanted) {
        return new KernelProgram(name, text, headers, List.of(wanted), nameExpressions);
    }

    public KernelProgram withNameExpressions(String... wanted) {
        return new KernelProgram(name, text, headers, options, List.of(wanted));
    }
}
