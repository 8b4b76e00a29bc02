package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.socket.V4vSocketFactory;

/** A domain that means harm, in a process of its own. Its class path and fabric are the test's. */
final class HostilePeer implements AutoCloseable {
    private static final V4vAddress VICTIM = new V4vAddress(1, 4840);

    /** The connections that {@code scribble-stream} makes, one after the other. */
    static final int STREAMS = 8;

    private static final long CONNECT_NANOS = 10_000_000_000L;
    private static final Pattern RING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) rw-s .*memfd:v4v-ring.*");

    private final Process process;

    private HostilePeer(Process process) {
        this.process = process;
    }

    static HostilePeer start(String role, Path fabric) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                HostilePeer.class.getName(),
                role,
                fabric.toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return new HostilePeer(builder.start());
    }

    /** What it says, up to its end. */
    List<String> readAll() throws IOException {
        return process.inputReader().lines().toList();
    }

    String readLine() throws IOException {
        return process.inputReader().readLine();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns
    public static void main(String[] arguments) throws Exception {
        Path fabric = Path.of(arguments[1]);
        try (SharedMemoryHypervisor own = SharedMemoryHypervisor.open(Fabric.of(fabric), V4vAddress.DOMAIN_ANY)) {
            switch (arguments[0]) {
                case "scribble" -> {
                    for (int round = 0; round < 12; round++) {
                        scribble(own, new Random(round));
                    }
                    System.out.println("done");
                }
                case "scribble-stream" -> {
                    for (int round = 0; round < STREAMS; round++) {
                        scribbleStream(own, new Random(round));
                    }
                    System.out.println("done");
                }
                case "shrink" -> shrink(own);
                case "flood" -> flood(own, fabric);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    /** Uses a channel and writes random words over both of its rings meanwhile. */
    private static void scribble(SharedMemoryHypervisor own, Random random) throws Exception {
        Thread user;
        try (MessageChannel channel = V4vConnections.connect(own, VICTIM, CONNECT_NANOS, 1 << 17)) {
            user = Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        channel.send(MemorySegment.ofArray(new byte[100]), MemorySegment.ofArray(new byte[3000]));
                        channel.receive(1_000_000_000).close();
                    }
                } catch (IOException | RuntimeException e) {
                    return; // as it must come to
                }
            });
            scribbleOverRings(random);
        }
        user.join();
    }

    /** The same to a server that knows sockets or Netty's channels only. */
    private static void scribbleStream(SharedMemoryHypervisor own, Random random) throws Exception {
        Thread user;
        try (Socket socket = new V4vSocketFactory(own).createSocket()) {
            socket.setReceiveBufferSize(1 << 17);
            socket.connect(VICTIM, (int) (CONNECT_NANOS / 1_000_000));
            user = Thread.ofPlatform().daemon().start(() -> {
                byte[] bytes = new byte[3000];
                try {
                    do {
                        socket.getOutputStream().write(bytes);
                    } while (socket.getInputStream().readNBytes(bytes, 0, bytes.length) == bytes.length);
                } catch (IOException | RuntimeException e) {
                    return; // as it must come to
                }
            });
            scribbleOverRings(random);
        }
        user.join();
    }

    /** Writes random words over all rings for a tenth of a second. */
    @SuppressWarnings("ThreadPriorityCheck") // so that both sides get on
    private static void scribbleOverRings(Random random) throws IOException {
        List<MemorySegment> rings = mapped();
        long start = System.nanoTime();
        // Most words keep away from those that say how far the sides are, so that records are hit.
        while (System.nanoTime() - start < 100_000_000) {
            MemorySegment ring = rings.get(random.nextInt(rings.size()));
            long words = ring.byteSize() / Long.BYTES;
            long word = random.nextInt(4) > 0
                    ? 512 + random.nextLong(words - 512)
                    : new long[] {16, 32, 48, 64}[random.nextInt(4)];
            long value = random.nextBoolean() ? random.nextLong() : random.nextInt(4096) * 16L;
            ring.set(ValueLayout.JAVA_LONG, word * Long.BYTES, value);
            Thread.yield();
        }
    }

    /** All rings in this process's memory: its own, and those of others that it writes. */
    private static List<MemorySegment> mapped() throws IOException {
        List<MemorySegment> rings = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            Matcher ring = RING.matcher(line);
            if (ring.matches()) {
                long from = Long.parseUnsignedLong(ring.group(1), 16);
                long to = Long.parseUnsignedLong(ring.group(2), 16);
                rings.add(MemorySegment.ofAddress(from).reinterpret(to - from));
            }
        }
        return rings;
    }

    /** Tries to take the memory of its own ring away from the victim, which writes it. */
    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void shrink(SharedMemoryHypervisor own) throws Exception {
        try (MessageChannel channel = V4vConnections.connect(own, VICTIM, CONNECT_NANOS);
                Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (!Files.isSymbolicLink(descriptor)
                        || !Files.readSymbolicLink(descriptor).toString().contains("memfd:v4v-ring")) {
                    continue;
                }
                try (RandomAccessFile file = new RandomAccessFile(descriptor.toFile(), "rw")) {
                    file.setLength(0);
                    System.out.println("shrunk");
                } catch (IOException e) {
                    System.out.println("refused");
                }
            }
            channel.send(MemorySegment.ofArray(new byte[8]));
            channel.receive().close();
            System.out.println("echoed");
        }
    }

    /** Opens as many control sockets as it gets, says nothing on some, and nonsense without end on the others. */
    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void flood(SharedMemoryHypervisor own, Path directory) throws Exception {
        Fabric fabric = Fabric.of(directory);
        Random random = new Random(1);
        List<Integer> sockets = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int fd = Linux.seqpacketSocket();
            Linux.connect(fd, fabric.socket(VICTIM.domain()));
            sockets.add(fd);
        }
        System.out.println("flooding");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(4096, 8);
            for (int n = 0; ; n++) {
                int at = random.nextInt(60);
                int kind = 1 + random.nextInt(5);
                int number = kind == ControlDescriptor.HELLO ? own.domain() : random.nextInt();
                ControlDescriptor.write(
                        packet, kind, n, 0, (int) VICTIM.port(), number, random.nextInt(), own.incarnation());
                try {
                    if (at >= 30) { // the first ones say nothing
                        Linux.send(sockets.get(at), packet.asSlice(0, 16 + random.nextInt(1000)), -1);
                    }
                } catch (LinuxException e) {
                    if (e.errno() != Linux.EAGAIN) { // it was thrown out
                        Linux.close(sockets.get(at));
                        sockets.set(at, reconnect(fabric));
                    }
                }
            }
        }
    }

    /** A socket that may not be connected yet: then it is tried again. */
    private static int reconnect(Fabric fabric) throws IOException {
        int fd = Linux.seqpacketSocket();
        try {
            Linux.connect(fd, fabric.socket(VICTIM.domain()));
        } catch (LinuxException e) {
            Thread.onSpinWait(); // refused for now
        }
        return fd;
    }
}
