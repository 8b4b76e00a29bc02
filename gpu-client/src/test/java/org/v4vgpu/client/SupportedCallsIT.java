package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.client.jcuda.SupportedCalls;

/** "Supported" means that a test calls it: what the programs link, which the log tells, is all that SUPPORTED.md names. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class SupportedCallsIT {
    private static final String LINKED = "linked ";

    @TempDir
    private Path temporary;

    @Test
    void everySupportedCallIsCalledByATest() throws Exception {
        try (ServerProcess server = new ServerProcess()) {
            Set<String> called = new TreeSet<>();
            JCudaProcess.Result calls =
                    traced(server).run("agent", server.address("v4v"), "JCudaCalls", JCudaProcess.KERNELS);
            assertTrue(calls.output().endsWith("all calls: right"), calls::toString);
            addLinked(calls, called);
            JCudaProcess.Result libraries = traced(server)
                    .withJCuda(Path.of(JCudaProcess.realJCuda()), SupportedCalls.JCUBLAS)
                    .run("agent", server.address("v4v"), "LibraryCalls");
            assertTrue(libraries.output().endsWith("libraries: answered"), libraries::toString);
            addLinked(libraries, called);
            Set<String> untested = SupportedCalls.supported();
            untested.removeAll(called);
            assertEquals(Set.of(), untested);
        }
    }

    /** A program whose log tells what it links. */
    private JCudaProcess traced(ServerProcess server) throws IOException {
        Path logging = temporary.resolve("logging.properties");
        Files.writeString(logging, """
                handlers=java.util.logging.ConsoleHandler
                java.util.logging.ConsoleHandler.level=FINE
                java.util.logging.SimpleFormatter.format=%5$s%n
                org.v4vgpu.client.jcuda.level=FINE
                """);
        return new JCudaProcess(server, temporary).with("-Djava.util.logging.config.file=" + logging);
    }

    private static void addLinked(JCudaProcess.Result result, Set<String> called) {
        result.errors()
                .lines()
                .filter(line -> line.startsWith(LINKED))
                .forEach(line -> called.add(line.substring(LINKED.length())));
    }
}
