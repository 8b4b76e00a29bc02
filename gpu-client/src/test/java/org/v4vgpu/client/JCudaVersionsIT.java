package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent on other versions of JCuda, by a program that uses the same calls with all of them. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class JCudaVersionsIT {
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
    @ValueSource(strings = {"11.0.0", "11.8.0", "12.0.0"})
    void aProgramRunsOnThisVersion(String version) throws Exception {
        JCudaProcess process = new JCudaProcess(server, temporary)
                .withJCuda(JCudaProcess.TARGET.resolve("jcuda/jcuda-" + version + ".jar"));
        JCudaProcess.Result result = process.run(
                "agent",
                server.address("v4v"),
                "WithoutNatives",
                JCudaProcess.PACKAGE + "VectorAddDriver",
                JCudaProcess.KERNELS + "/vecadd.ptx",
                "5000");
        assertEquals("vecadd of 5000 elements: right", result.output(), result::toString);
        assertEquals(0, result.exit(), result::toString);
        process.assertNoNativeLibraryWasExtracted();
    }
}
