package org.v4vgpu.stencil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.stencil.program.CopyLoop;

/** A client that dies in the middle of a copy leaves nothing behind on the server. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class KilledClientIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /** How long the server may need to notice and to free. */
    private static final long NOTICE_NANOS = TimeUnit.SECONDS.toNanos(1);

    @Test
    void leavesNoSessionAndNoMemory() throws Exception {
        try (ServerProcess server = ServerProcess.start(ROOT, false)) {
            for (String address : server.addresses()) {
                Process client = start(server, address);
                awaitCopies(client, 3);
                Map<String, Object> before = status(server, address);
                assertEquals(1, sessions(before), before::toString);
                assertTrue(usedBytes(before) >= 64 << 20, before::toString);

                client.destroyForcibly();
                long killed = System.nanoTime();
                client.waitFor();
                LockSupport.parkNanos(NOTICE_NANOS - (System.nanoTime() - killed));
                Map<String, Object> after = status(server, address);
                assertEquals(0, sessions(after), after::toString);
                assertEquals(0, usedBytes(after), after::toString);

                Process next = start(server, address);
                awaitCopies(next, 2);
                next.destroyForcibly().waitFor();
            }
            assertTrue(server.isAlive());
        }
    }

    private static Process start(ServerProcess server, String address) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-javaagent:" + ROOT.resolve("gpu-client/target/v4vgpu-agent.jar") + "=" + address,
                "-cp",
                System.getProperty("java.class.path"),
                CopyLoop.class.getName());
        server.enter(builder);
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static void awaitCopies(Process client, int count) throws Exception {
        for (int copy = 0; copy < count; copy++) {
            assertEquals("copied", client.inputReader(StandardCharsets.UTF_8).readLine());
        }
    }

    private static Map<String, Object> status(ServerProcess server, String address) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(ROOT.resolve("gpu-server/run").toString(), "status"));
        command.addAll(List.of("--server", address, "--json"));
        ProcessBuilder builder = new ProcessBuilder(command);
        server.enter(builder);
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        Map<String, Object> status = JSON.std.mapFrom(process.inputReader(StandardCharsets.UTF_8));
        assertEquals(0, process.waitFor());
        return status;
    }

    /** Sessions with memory or a context; the question itself may count as one. */
    private static long sessions(Map<String, Object> status) {
        return ((List<?>) Objects.requireNonNull(status.get("sessions")))
                .stream()
                        .filter(session -> !Objects.equals(0, ((Map<?, ?>) session).get("contexts")))
                        .count();
    }

    private static long usedBytes(Map<String, Object> status) {
        Map<?, ?> device = (Map<?, ?>) ((List<?>) Objects.requireNonNull(status.get("devices"))).getFirst();
        return ((Number) Objects.requireNonNull(device.get("used_bytes"))).longValue();
    }
}
