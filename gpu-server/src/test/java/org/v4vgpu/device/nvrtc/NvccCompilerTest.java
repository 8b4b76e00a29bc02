package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The real nvcc, where there is one. */
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class NvccCompilerTest extends ProgramCompilerContract {
    private static ProgramCompiler compiler;

    @BeforeAll
    static void findCompiler() throws InterruptedException {
        compiler = CompilerChoice.parse("nvcc").find();
        assumeTrue(compiler.isAvailable(), compiler.unavailabilityCause());
    }

    @Override
    ProgramCompiler compiler() {
        return compiler;
    }

    @Override
    String undeclared(String name) {
        return "\"" + name + "\" is undefined";
    }

    @Override
    String notFound() {
        return "No such file or directory";
    }

    @Test
    void saysWhatItIs() {
        assertTrue(compiler.name().startsWith("nvcc "), compiler.name());
        assertTrue(compiler.majorVersion() >= 11);
        assertTrue(compiler.architectures().contains(75) || compiler.majorVersion() > 13);
    }

    @Test
    void hasTheHeadersOfItsToolkit() throws Exception {
        Compilation compiled = compile(
                "#include <cuda_fp16.h>\n__global__ void f(__half *x) { *x = __hadd(*x, *x); }\n",
                List.of(),
                List.of(),
                List.of());
        assertEquals(Compilation.Result.SUCCESS, compiled.result(), compiled.log());
    }
}
