package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples, compiled against the real JCuda: the same output in every form, and no native library of CUDA in the process. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class ExamplesIT {
    private static final Path EXAMPLES = Path.of("examples").toAbsolutePath();

    private static ServerProcess server;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void startServer() throws IOException {
        server = new ServerProcess();
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({"agent,v4v", "agent,tcp", "drop-in,v4v", "drop-in,tcp"})
    void streamsAndEventsWithPinnedMemory(String form, String transport) throws Exception {
        JCudaProcess.Result result = run(form, transport, "streams.PinnedStreams", "streams/scale.ptx");
        assertEquals("4 streams, 1048576 elements: PASSED", result.output(), result::toString);
        assertEquals(0, result.exit(), result::toString);
    }

    @ParameterizedTest
    @CsvSource({"agent,v4v", "agent,tcp", "drop-in,v4v", "drop-in,tcp"})
    void aReductionWithTheRuntimeApi(String form, String transport) throws Exception {
        JCudaProcess.Result result = run(form, transport, "reduction.Reduction", "reduction/reduce.ptx");
        assertEquals("sum of 1000000 elements: 3500000, PASSED", result.output(), result::toString);
        assertEquals(0, result.exit(), result::toString);
    }

    /** Where the server has no compiler the program is told so in JCuda's way, and the log says what to do. */
    @ParameterizedTest
    @CsvSource({"agent,v4v", "agent,tcp", "drop-in,v4v", "drop-in,tcp"})
    void aKernelFromSource(String form, String transport) throws Exception {
        JCudaProcess.Result result = run(form, transport, "vectoradd.VectorAdd", "");
        if (server.hasCompiler()) {
            assertEquals("vector add of 100000 elements: PASSED", result.output(), result::toString);
            assertEquals(0, result.exit(), result::toString);
            return;
        }
        assertEquals(1, result.exit(), result::toString);
        assertEquals("", result.output(), result::toString);
        assertTrue(
                result.errors().contains("jcuda.CudaException: NVRTC_ERROR_BUILTIN_OPERATION_FAILURE"),
                result::toString);
        assertTrue(
                result.errors().contains("v4vgpu WARNING: nvrtcCompileProgram: CUDA_ERROR_NOT_SUPPORTED"),
                result::toString);
    }

    private JCudaProcess.Result run(String form, String transport, String example, String file) throws Exception {
        JCudaProcess process = new JCudaProcess(server, temporary);
        JCudaProcess.Result result = process.run(
                form,
                server.address(transport),
                "WithoutNatives",
                example,
                EXAMPLES.resolve(file).toString());
        process.assertNoNativeLibraryWasExtracted();
        return result;
    }
}
