package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The headers that make clang take CUDA C++ where CUDA's own are absent: text by name. They are this project's, resources beside this
 * class: {@code device.h} is included in front of every program and has what nvcc has built in.
 */
final class ClangHeaders {
    /** Included in front of every program. */
    static final String FIRST = "device.h";

    private static final List<String> OWN = List.of(
            FIRST,
            "vectors.h",
            "arithmetic.h",
            "elementary.h",
            "functions.h",
            "overloads.h",
            "atomics.h",
            "warps.h",
            "standard.h");

    /** What programs include although it is there without. */
    private static final List<String> BUILT_IN = List.of(
            "assert.h",
            "cuda.h",
            "cuda_runtime.h",
            "cuda_runtime_api.h",
            "device_atomic_functions.h",
            "device_functions.h",
            "device_launch_parameters.h",
            "host_defines.h",
            "math.h",
            "math_constants.h",
            "math_functions.h",
            "stdio.h",
            "stdlib.h",
            "string.h",
            "vector_functions.h",
            "vector_types.h");

    /** What puts names into std; all the same. */
    private static final List<String> STANDARD =
            List.of("cassert", "cfloat", "climits", "cmath", "cstddef", "cstdint", "cstdio", "cstdlib", "cstring");

    private static final Map<String, String> ALL = read();

    private ClangHeaders() {}

    static Map<String, String> all() {
        return ALL;
    }

    private static Map<String, String> read() {
        Map<String, String> headers = new LinkedHashMap<>();
        for (String name : OWN) {
            headers.put(name, text(name));
        }
        BUILT_IN.forEach(name -> headers.put(name, "#pragma once\n"));
        STANDARD.forEach(name -> headers.put(name, "#include \"standard.h\"\n"));
        return Map.copyOf(headers);
    }

    private static String text(String name) {
        try (InputStream in = ClangHeaders.class.getResourceAsStream("clang/" + name)) {
            if (in == null) {
                throw new IllegalStateException("clang/" + name + " is missing in this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
