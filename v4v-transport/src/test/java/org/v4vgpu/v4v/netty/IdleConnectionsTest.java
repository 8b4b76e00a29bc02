package org.v4vgpu.v4v.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.ring.IdleStrategy;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;
import org.v4vgpu.v4v.socket.V4vSocket;

/** What a server process uses of a processor while its connections have nothing to say. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT) // looks at another process, and waits
class IdleConnectionsTest {
    private static final int CONNECTIONS = 16;
    private static final long WINDOW_NANOS = 3_000_000_000L;

    /** In the first ones the compiler of the server's JVM has work left. */
    private static final int WINDOWS = 6;

    /** Ticks are of 10 ms on Linux wherever Java runs. */
    private static final long TICK_NANOS = 10_000_000L;

    @TempDir
    Path fabric;

    @Test
    void takeLessThanAHundredthOfAProcessor() throws Exception {
        Process server = start();
        List<AutoCloseable> connections = new ArrayList<>();
        try (V4vHypervisor domain = SharedMemoryHypervisor.open(Fabric.of(fabric), 2)) {
            assertEquals("ready", server.inputReader().readLine());
            for (int i = 0; i < CONNECTIONS; i++) {
                connections.add(channel(domain));
                connections.add(socket(domain, IdleServer.SOCKETS));
                connections.add(socket(domain, IdleServer.NETTY));
            }
            long ticks = WINDOW_NANOS;
            List<String> before = List.of();
            for (int window = 0; window < WINDOWS && ticks * TICK_NANOS >= WINDOW_NANOS / 100; window++) {
                before = threads(server);
                ticks = ticksOfAWindow(server);
            }
            assertTrue(
                    ticks * TICK_NANOS < WINDOW_NANOS / 100,
                    "used " + ticks + " ticks; threads before " + before + ", after " + threads(server));
            for (AutoCloseable connection : connections) {
                ask(connection); // and nothing has broken meanwhile
                connection.close();
            }
        } finally {
            server.destroyForcibly().onExit().orTimeout(10, TimeUnit.SECONDS).join();
        }
    }

    private static long ticksOfAWindow(Process server) throws IOException {
        long ticks = ticks(server);
        long start = System.nanoTime();
        while (System.nanoTime() - start < WINDOW_NANOS) {
            IdleStrategy.pause(WINDOW_NANOS - (System.nanoTime() - start));
        }
        return ticks(server) - ticks;
    }

    private static MessageChannel channel(V4vHypervisor domain) throws IOException {
        MessageChannel channel = V4vConnections.connect(domain, IdleServer.CHANNELS, 10_000_000_000L);
        ask(channel);
        return channel;
    }

    private static Socket socket(V4vHypervisor domain, V4vAddress address) throws IOException {
        Socket socket = new V4vSocket(domain);
        socket.connect(address, 10_000);
        ask(socket);
        return socket;
    }

    private static void ask(AutoCloseable connection) throws IOException {
        switch (connection) {
            case MessageChannel channel -> {
                channel.send(MemorySegment.ofArray(new byte[8]));
                channel.receive().close();
            }
            case Socket socket -> {
                socket.getOutputStream().write(7);
                assertEquals(7, socket.getInputStream().read());
            }
            default -> throw new IllegalArgumentException(connection.toString());
        }
    }

    /** User and system time of all threads, proc(5). */
    private static long ticks(Process process) throws IOException {
        return ticks(Path.of("/proc/" + process.pid() + "/stat"));
    }

    private static long ticks(Path stat) throws IOException {
        String text = Files.readString(stat);
        String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1); // from the third on
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** The threads that have used time, to explain a failure. */
    private static List<String> threads(Process process) throws IOException {
        List<String> used = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                long ticks = ticks(task.resolve("stat"));
                if (ticks > 0) {
                    used.add(Files.readString(task.resolve("comm")).strip() + ":" + ticks);
                }
            }
        }
        return used;
    }

    private Process start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", // others have threads that tick
                "-cp",
                System.getProperty("java.class.path"),
                IdleServer.class.getName());
        builder.environment().put("V4VGPU_FABRIC", fabric.toString());
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }
}
