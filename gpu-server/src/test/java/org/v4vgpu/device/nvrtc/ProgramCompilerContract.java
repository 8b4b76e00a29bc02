package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;

/** What every compiler that is a program of this machine owes its clients and its server. Subclasses bring the real one. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
abstract class ProgramCompilerContract {
    private static final String ADD = """
            extern "C" __global__ void add(int n, const float *a, float *sum) {
                int i = blockIdx.x * blockDim.x + threadIdx.x;
                if (i < n) { sum[i] += a[i]; }
            }
            """;

    /** The compiler, which is available. */
    abstract ProgramCompiler compiler();

    /** What it says of a name that is not declared. */
    abstract String undeclared(String name);

    /** What it says of a file that is not there. */
    abstract String notFound();

    @Test
    void whatItMakesRunsOnTheSoftwareDevice() throws Exception {
        Compilation compiled = compile(
                """
                #include "scale.h"
                #include <cuda_runtime.h>
                template <typename T> struct Factor { static __device__ T value() { return FACTOR; } };
                namespace kernels {
                    __constant__ float offset = 1.5f;
                    template <typename T, int N> __global__ void scale(T *x) { x[threadIdx.x] = scaled(x[threadIdx.x]) * N + offset; }
                }
                """,
                List.of(new Program.Header(
                        "scale.h", "template <typename T> __device__ T scaled(T x) { return FACTOR * x; }\n")),
                List.of("-DFACTOR=2", "-std=c++17", "--use_fast_math", "-lineinfo"),
                List.of("kernels::scale<float, 3>", "&kernels::scale<double, 4>", "&kernels::offset"));
        assertEquals(Compilation.Result.SUCCESS, compiled.result(), compiled.log());
        assertEquals(
                List.of("_ZN7kernels5scaleIfLi3EEEvPT_", "_ZN7kernels5scaleIdLi4EEEvPT_", "_ZN7kernels6offsetE"),
                compiled.loweredNames());
        assertFalse(compiled.ptx().contains("v4vgpu_lowered"), compiled.ptx());
        try (Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(64 << 20));
                DeviceContext context = device.createContext(0)) {
            var module = context.loadModule(MemorySegment.ofArray(compiled.ptx().getBytes(StandardCharsets.UTF_8)));
            for (String name : compiled.loweredNames().subList(0, 2)) {
                assertEquals(name, module.function(name).name());
            }
            assertEquals(4, module.global(compiled.loweredNames().get(2)).bytes());
        }
    }

    @Test
    void errorsNameTheProgramAndNoPathOfTheServer() throws Exception {
        Compilation compiled = compiler()
                .compile(new Program(
                        "kernels/mine \"1\".cu",
                        "\n\n__global__ void f() { undeclared = 1; }\n",
                        List.of(),
                        List.of(),
                        List.of()));
        assertEquals(Compilation.Result.COMPILATION, compiled.result());
        assertTrue(compiled.log().contains("mine"), compiled.log());
        assertTrue(compiled.log().contains("(3)") || compiled.log().contains(":3:"), compiled.log());
        assertTrue(compiled.log().contains(undeclared("undeclared")), compiled.log());
        assertFalse(compiled.log().contains("/program"), compiled.log());
        assertFalse(compiled.log().contains("v4vgpu-compile"), compiled.log());
    }

    @Test
    void aNameThatIsNoneFails() throws Exception {
        Compilation compiled = compile(ADD, List.of(), List.of(), List.of("subtract"));
        assertFalse(compiled.result() == Compilation.Result.SUCCESS);
        assertTrue(compiled.log().contains("subtract"), compiled.log());
    }

    /** Of all paths whether they are there; two, the compiler being slow, in earnest. */
    @Test
    void noIncludeReadsTheServersFiles(@TempDir Path temporary) throws Exception {
        Path secret = temporary.resolve("secret");
        Files.writeString(secret, "top secret words\n");
        StringBuilder questions = new StringBuilder();
        for (String path : List.of(
                "\"/etc/passwd\"",
                "</etc/hostname>",
                "\"/etc/shadow\"",
                "\"../../../../etc/passwd\"",
                "\"/proc/self/environ\"",
                "\"/proc/version\"",
                "\"/proc/1/cwd/etc/passwd\"",
                "\"" + Path.of("/proc", "1", "root", "etc", "passwd") + "\"",
                "\"link\"",
                "\"" + secret + "\"")) {
            questions.append("#if __has_include(%s)\n#error it is there\n#endif\n".formatted(path));
        }
        Compilation exists = compile(questions + ADD, List.of(), List.of(), List.of());
        assertEquals(Compilation.Result.SUCCESS, exists.result(), exists.log());
        for (String path : List.of("/etc/passwd", secret.toString())) {
            Compilation compiled = compile("#include \"" + path + "\"\n" + ADD, List.of(), List.of(), List.of());
            assertEquals(Compilation.Result.COMPILATION, compiled.result(), compiled.ptx());
            assertTrue(compiled.log().contains(notFound()), compiled.log());
            assertFalse(compiled.log().contains("root:"), compiled.log());
            assertFalse(compiled.log().contains("top secret"), compiled.log());
        }
    }

    @Test
    void nothingElseReadsThemEither() throws Exception {
        Compilation embedded = compile(
                "__device__ const unsigned char file[] = {\n#embed \"/etc/passwd\"\n};\n" + ADD,
                List.of(),
                List.of(),
                List.of());
        assertFalse(embedded.result() == Compilation.Result.SUCCESS);
        Compilation assembled = compile("""
                extern "C" __global__ void f() { asm volatile(".incbin \\"/etc/passwd\\";"); }
                asm(".incbin \\"/etc/passwd\\"");
                """, List.of(), List.of(), List.of());
        assertFalse(assembled.ptx().contains("root:"), assembled.ptx());
        assertFalse(assembled.log().contains("root:"), assembled.log());
    }

    @Test
    void headersStayWhereTheyBelong() throws Exception {
        for (String name : List.of("../evil.h", "/tmp/evil.h", "a/../../evil.h", "", ".hidden", "a//b", "a b.h")) {
            Compilation compiled = compile(ADD, List.of(new Program.Header(name, "")), List.of(), List.of());
            assertEquals(Compilation.Result.INVALID_INPUT, compiled.result(), name);
        }
    }

    @Test
    void whatNeverEndsIsEnded() throws Exception {
        Compilation templates = compile("""
                template <int N> struct F { static const int value = F<N + 1>::value + 1; };
                __device__ int x = F<0>::value;
                """, List.of(), List.of(), List.of());
        assertEquals(Compilation.Result.COMPILATION, templates.result());
        Compilation includes = compile("#include __FILE__\n", List.of(), List.of(), List.of());
        assertFalse(includes.result() == Compilation.Result.SUCCESS);
    }

    final Compilation compile(String text, List<Program.Header> headers, List<String> options, List<String> expressions)
            throws Exception {
        return compiler().compile(new Program("test.cu", text, headers, options, expressions));
    }
}
