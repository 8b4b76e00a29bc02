package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.GpuMemory;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.device.software.SoftwareGpu;

/** The real clang, where there is one, without a CUDA toolkit; what it makes runs on the software device. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class ClangCompilerTest extends ProgramCompilerContract {
    private static ProgramCompiler compiler;

    @BeforeAll
    static void findCompiler() throws InterruptedException {
        compiler = CompilerChoice.parse("clang").find();
        assumeTrue(compiler.isAvailable(), compiler.unavailabilityCause());
    }

    @Override
    ProgramCompiler compiler() {
        return compiler;
    }

    @Override
    String undeclared(String name) {
        return "use of undeclared identifier '" + name + "'";
    }

    @Override
    String notFound() {
        return "file not found";
    }

    @Test
    void saysWhatItIs() {
        assertTrue(compiler.name().startsWith("clang "), compiler.name());
        assertEquals(12, compiler.majorVersion());
        assertTrue(
                compiler.architectures().contains(75), compiler.architectures().toString());
    }

    @Test
    void aClangOutsideOfTheSystemsDirectoriesIsShownToTheSandbox(@TempDir Path root) throws Exception {
        Clang installed = Clang.of(Objects.requireNonNull(Clang.find()));
        Path real = installed.program();
        Files.createDirectories(root.resolve("bin"));
        Files.createDirectories(root.resolve("lib"));
        Files.copy(real, root.resolve("bin/clang"));
        Path resources = installed.resources();
        Path copied = root.resolve("lib/clang").resolve(resources.getFileName().toString());
        Files.createDirectories(copied.resolve("include"));
        for (String header : List.of("__clang_cuda_builtin_vars.h", "stddef.h")) {
            Files.copy(resources.resolve("include/" + header), copied.resolve("include/" + header));
        }
        for (String neighbour : List.of("bin/secret.h", "lib/secret.h", "lib/clang/secret.h")) {
            Files.writeString(root.resolve(neighbour), "#error a neighbour's\n");
        }
        ProgramCompiler moved =
                CompilerChoice.parse(root.resolve("bin/clang").toString()).find();
        Compilation compiled = moved.compile(
                new Program("moved.cu", """
                        #if !__has_include("/clang/lib/clang/%s/include/stddef.h")
                        #error is not where it was looked for
                        #endif
                        #if __has_include("/clang/bin/secret.h") || __has_include("/clang/lib/secret.h")
                        #error sees its neighbours
                        #endif
                        #if __has_include("/clang/lib/clang/secret.h")
                        #error sees the neighbours of its headers
                        #endif
                        __global__ void f(int *x) { *x = threadIdx.x; }
                        """.formatted(resources.getFileName()), List.of(), List.of(), List.of()));
        assertEquals(Compilation.Result.SUCCESS, compiled.result(), compiled.log());
    }

    @Test
    void whatClangHasNotIsNamed() throws Exception {
        for (String option : List.of("-arch=compute_121", "-std=c++03")) {
            Compilation compiled = compile("", List.of(), List.of(option), List.of());
            assertEquals(Compilation.Result.INVALID_OPTION, compiled.result());
            assertTrue(compiled.log().contains("clang, which compiles here"), compiled.log());
        }
        Compilation half = compile("#include <cuda_fp16.h>\n", List.of(), List.of(), List.of());
        assertTrue(half.log().contains("'cuda_fp16.h' file not found"), half.log());
        Compilation gamma =
                compile("__global__ void f(double *x) { *x = tgamma(*x); }\n", List.of(), List.of(), List.of());
        assertTrue(gamma.log().contains("tgamma"), gamma.log());
    }

    @Test
    void blocksAndWarpsWorkTogether() throws Exception {
        try (SoftwareGpu gpu = gpu();
                GpuMemory x = gpu.allocate(4 * 128);
                GpuMemory out = gpu.allocate(4 * 8)) {
            int[] values = new int[128];
            for (int i = 0; i < values.length; i++) {
                values[i] = i * 7 % 31 - 5;
            }
            x.copyFrom(values);
            gpu.load(ptx("""
                            #include <cstdint>
                            #include <cuda_runtime.h>
                            int sum(int *part, int n) { // of the device, by the option
                                int s = 0;
                                for (int i = 0; i < n; i++) { s += part[i]; }
                                return s;
                            }
                            extern "C" __global__ void __launch_bounds__(128) reduce(const int *x, int *out) {
                                extern __shared__ int copies[];
                                __shared__ int part[4];
                                int t = threadIdx.x;
                                copies[t] = __ldg(x + t);
                                __syncthreads();
                                int s = copies[t ^ 1];
                                for (int d = warpSize / 2; d > 0; d /= 2) { s += __shfl_down_sync(0xffffffffu, s, d); }
                                if (t % 32 == 0) { part[t / 32] = s; }
                                __syncthreads();
                                if (t == 0) { out[0] = sum(part, 4); }
                                atomicAdd(out + 1, x[t]);
                                atomicMax(out + 2, x[t]);
                                unsigned negative = __ballot_sync(0xffffffffu, x[t] < 0);
                                if (t == 0) { out[3] = __popc(negative); out[4] = __clz(4000) + __ffs(8); out[5] = max(3, 7u); }
                                if (t == 0) { uint3 u = blockDim; float2 f = make_float2(1.5f, 2.5f); out[6] = u.x + (int)(f.x + f.y); }
                                assert(t < 128);
                            }
                            """, "--device-as-default-execution-space", "-lineinfo"))
                    .function("reduce")
                    .launch(new LaunchShape(1, 1, 1, 128, 1, 1, 4 * 128), x, out);
            int[] found = new int[8];
            out.copyTo(found);
            int sum = Arrays.stream(values).sum();
            int negative = (int)
                    Arrays.stream(values, 0, 32).filter(value -> value < 0).count();
            assertArrayEquals(new int[] {sum, sum, 25, negative, 20 + 4, 7, 132, 0}, found);
        }
    }

    @Test
    void theFunctionsOfMathematicsAreRight() throws Exception {
        StringBuilder text = new StringBuilder("#include <cmath>\n");
        for (ElementaryFunction function : ElementaryFunction.values()) {
            text.append("""
                    extern "C" __global__ void %1$s(double *x, double y) { int i = threadIdx.x; x[i] = std::%2$s; }
                    extern "C" __global__ void %1$s_f(double *all, float y) {
                        const int i = 0;
                        float x[] = {(float) all[threadIdx.x]};
                        all[threadIdx.x] = std::%2$s;
                    }
                    """.formatted(function, function.expression()));
        }
        try (SoftwareGpu gpu = gpu()) {
            var module = gpu.load(ptx(text.toString()));
            for (ElementaryFunction function : ElementaryFunction.values()) {
                double[] arguments = function.arguments();
                try (GpuMemory x = gpu.allocate(8L * arguments.length)) {
                    double[] found = new double[arguments.length];
                    x.copyFrom(arguments);
                    module.function(function.name()).launch(1, arguments.length, x, ElementaryFunction.SECOND);
                    x.copyTo(found);
                    function.check(arguments, found);
                    x.copyFrom(arguments);
                    module.function(function.name() + "_f")
                            .launch(1, arguments.length, x, (float) ElementaryFunction.SECOND);
                    x.copyTo(found);
                    function.checkFloat(arguments, found);
                }
            }
        }
    }

    private static SoftwareGpu gpu() throws Exception {
        return SoftwareGpu.open(SoftwareDeviceOptions.defaults().withTotalBytes(64 << 20));
    }

    private String ptx(String text, String... options) throws Exception {
        Compilation compiled = compile(text, List.of(), List.of(options), List.of());
        assertEquals(Compilation.Result.SUCCESS, compiled.result(), compiled.log());
        assertEquals("", compiled.log());
        return compiled.ptx();
    }
}
