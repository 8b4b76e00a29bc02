package org.v4vgpu.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The program, run as a user runs it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class ServerCommandTest {
    @TempDir
    Path fabric;

    private record Result(int exitCode, String out, String err) {}

    @Test
    void servesUntilSignalAndTellsStatus() throws Exception {
        Process server = start(
                "--listen",
                "v4v://1:4840",
                "--listen",
                "tcp://127.0.0.1:0",
                "--memory",
                "32M",
                "--check",
                "memory,race",
                "--kernel-timeout",
                "30s");
        try {
            assertEquals("listening on v4v://1:4840", server.inputReader().readLine());
            String line = server.inputReader().readLine();
            assertTrue(line.matches("listening on tcp://127\\.0\\.0\\.1:[1-9]\\d*"), line);
            String tcp = line.substring("listening on ".length());

            for (String address : List.of("v4v://1:4840", tcp)) {
                Result table = run("status", "--server", address);
                assertEquals(0, table.exitCode, table.err);
                assertTrue(table.out.contains("32.0 MiB"), table.out);
                assertTrue(table.out.contains("No sessions."), table.out);
            }
            Result json = run("status", "--server", tcp, "--json");
            Map<String, Object> status = JSON.std.mapFrom(json.out);
            assertEquals(List.of("v4v://1:4840", tcp), status.get("addresses"));
            assertEquals(List.of(), status.get("sessions"));
            assertEquals(List.of(), status.get("kernels"));
            Map<?, ?> device = (Map<?, ?>) ((List<?>) Objects.requireNonNull(status.get("devices"))).getFirst();
            assertEquals(32 << 20, device.get("total_bytes"));

            for (String taken : List.of("v4v://1:4840", tcp)) {
                expectOneLine(3, run("--listen", taken));
            }
            server.destroy(); // SIGTERM
            assertTrue(server.waitFor(10, TimeUnit.SECONDS));
            expectOneLine(3, run("status", "--server", "v4v://1:4840"));
            expectOneLine(3, run("status", "--server", tcp));
        } finally {
            server.destroyForcibly();
        }
    }

    @Test
    void portThatNobodyRegisteredIsUnreachable() throws Exception {
        Process server = start("--listen", "v4v://1:4840");
        try {
            assertEquals("listening on v4v://1:4840", server.inputReader().readLine());
            expectOneLine(3, run("status", "--server", "v4v://1:4841"));
            expectOneLine(3, run("status", "--server", "v4v://9:4840"));
        } finally {
            server.destroyForcibly();
        }
    }

    @Test
    void anotherProtocolIsUnreachable() throws Exception {
        try (ServerSocket web = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> {
                try (var peer = web.accept()) {
                    peer.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    peer.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // The client hung up, which is what it is to do.
                }
            });
            expectOneLine(3, run("status", "--server", "tcp://127.0.0.1:" + web.getLocalPort()));
        }
    }

    @Test
    void refusesWrongUsage() throws Exception {
        for (String[] wrong : new String[][] {
            {"--listen", "http://x"},
            {"--device", "abacus"},
            {"--memory", "0"},
            {"--quota", "-1"},
            {"--kernel-timeout", "soon"},
            {"--check", "memory,taste"},
            {"--nonsense"},
            {"status"},
            {"status", "--server", "v4v://1"}
        }) {
            Result result = run(wrong);
            assertEquals(2, result.exitCode, String.join(" ", wrong));
            assertTrue(result.err.contains("Usage:"), result.err);
        }
    }

    @Test
    void saysThatThereIsNoCudaDevice() throws Exception {
        Result result = run("--device", "cuda");
        expectOneLine(3, result);
        assertTrue(result.err.contains("--device software"), result.err);
    }

    private static void expectOneLine(int exitCode, Result result) {
        assertEquals(exitCode, result.exitCode, result.err);
        assertEquals(1, result.err.lines().count(), result.err);
        assertTrue(result.err.startsWith("gpu-server/run"), result.err);
        assertFalse(result.out.contains("listening"), result.out);
    }

    private Result run(String... arguments) throws Exception {
        Process process = start(arguments);
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), out, err);
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ServerCommand.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("V4VGPU_FABRIC", fabric.toString());
        return builder.start();
    }
}
