package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.client.jcuda.SupportedCalls;

/**
 * The programs that make every supported call look at what each one does: where one of them does nothing and says success, its program
 * fails. A few calls, or all with {@code -Dv4vgpu.silent=all}, which takes minutes; the answer for all is the same until a call or its test
 * changes.
 */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class SilentCallIT {
    /** What does nothing that a program could see. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "JCudaDriver.setLogLevel",
            "JCuda.setLogLevel",
            "JNvrtc.setLogLevel",
            "JCublas2.setLogLevel",
            "JCuda.cudaProfilerStart",
            "JCuda.cudaProfilerStop");

    private static final List<String> FEW = List.of("JCudaDriver.cuMemcpy2DUnaligned", "JCublas2.cublasSaxpy");

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

    static Set<String> calls() {
        Set<String> calls = SupportedCalls.supported();
        calls.removeAll(WITHOUT_EFFECT);
        if (!System.getProperty("v4vgpu.silent", "").equals("all")) {
            calls.retainAll(FEW);
            assertEquals(FEW.size(), calls.size());
        }
        return calls;
    }

    @ParameterizedTest
    @MethodSource("calls")
    void aCallThatDoesNothingIsFoundOut(String call) throws Exception {
        JCudaProcess.Result result = runWithout(call);
        assertNotEquals(0, result.exit(), () -> call + " could do nothing, and nobody would notice");
        assertTrue(result.errors().contains("Exception"), result::toString);
    }

    @Test
    void whatHasNoEffectIsNotMissed() throws Exception {
        assertTrue(SupportedCalls.supported().containsAll(WITHOUT_EFFECT));
        JCudaProcess.Result result = runWithout("JCublas2.setLogLevel");
        assertEquals(0, result.exit(), result::toString);
    }

    /** Runs the program that makes the call, with a JCuda in which it does nothing. */
    private JCudaProcess.Result runWithout(String call) throws Exception {
        Map.Entry<String, byte[]> silenced = SupportedCalls.silenced(call);
        Path file = temporary.resolve("silenced").resolve(silenced.getKey());
        Files.createDirectories(file.getParent());
        Files.write(file, silenced.getValue());
        JCudaProcess process = new JCudaProcess(server, temporary)
                .withJCuda(temporary.resolve("silenced"), Path.of(JCudaProcess.realJCuda()), SupportedCalls.JCUBLAS);
        return call.startsWith("JCublas2.")
                ? process.run("agent", server.address("v4v"), "LibraryCalls")
                : process.run("agent", server.address("v4v"), "JCudaCalls", JCudaProcess.KERNELS);
    }
}
