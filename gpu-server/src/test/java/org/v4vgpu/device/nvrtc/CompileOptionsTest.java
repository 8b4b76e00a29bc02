package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CompileOptionsTest {
    @Test
    void takesEverySpellingOfNvrtc() throws InvalidProgramException {
        List<String> wanted =
                List.of("--gpu-architecture=compute_80", "--std=c++17", "--fmad=false", "--use_fast_math");
        for (List<String> options : List.of(
                List.of("-arch=compute_80", "-std=c++17", "-fmad=false", "-use_fast_math"),
                List.of("--gpu-architecture", "compute_80", "--std", "c++17", "--fmad=false", "--use_fast_math"),
                List.of(" --gpu-architecture=compute_80 ", "--std=c++17", "-fmad", "false", "--use_fast_math"))) {
            assertEquals(wanted, CompileOptions.of(options).arguments());
        }
        assertEquals(
                List.of("--gpu-architecture=compute_75"),
                CompileOptions.of(List.of()).arguments());
    }

    @Test
    void macrosBecomeLinesInTheirOrder() throws InvalidProgramException {
        CompileOptions options = CompileOptions.of(List.of(
                "-DN=16",
                "-D",
                "FLAG",
                "--define-macro=ADD(a, b)=((a) + (b))",
                "-DTEXT=\"$(id) `id`\"",
                "-UN",
                "-include=a/b.h"));
        assertEquals(
                List.of(
                        "#define N 16",
                        "#define FLAG 1",
                        "#define ADD(a, b) ((a) + (b))",
                        "#define TEXT \"$(id) `id`\"",
                        "#undef N",
                        "#include \"a/b.h\""),
                options.prologue());
        assertEquals(1, options.arguments().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-I/etc",
                "--include-path=/etc",
                "-Xcompiler",
                "-ccbin=/bin/sh",
                "--options-file=/etc/passwd",
                "@/etc/passwd",
                "-o",
                "-arch=native",
                "-arch=compute_75;id",
                "-arch=",
                "-DX=1\nY",
                "-D1X",
                "-D",
                "-std=c++99",
                "-fmad=maybe",
                "--use_fast_math=true",
                "-maxrregcount=x",
                "",
                "program.cu",
                "-dc",
                "--run",
                "--keep-dir=/tmp",
                "-DX=a\\"
            })
    void refusesEverythingElseByName(String option) {
        InvalidProgramException refused =
                assertThrows(InvalidProgramException.class, () -> CompileOptions.of(List.of(option)));
        assertEquals(Compilation.Result.INVALID_OPTION, refused.compilation().result());
        assertTrue(
                refused.compilation().log().contains("'" + option + "'"),
                refused.compilation().log());
    }
}
