package org.v4vgpu.v4v.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.ring.RingDescriptor;

/**
 * Peers that mean harm: the other side gets a clean error of the connection, and a connection beside it goes on as if nothing were.
 * The victim is domain 1 and echoes; a friend is domain 2 and plays ping-pong with it all the time.
 */
@Timeout(60)
@Isolated("counts what the process has open")
class HostilePeerTest {
    private static final V4vAddress VICTIM = new V4vAddress(1, 4840);
    private static final MethodHandle SENDMSG = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("sendmsg"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final Queue<Throwable> unclean = new ConcurrentLinkedQueue<>();
    private final AtomicInteger ended = new AtomicInteger();

    @TempDir
    Path directory;

    private Fabric fabric;
    private SharedMemoryHypervisor victim;
    private SharedMemoryHypervisor friend;
    private V4vListener listener;
    private volatile boolean enough;

    @BeforeEach
    void open() throws IOException {
        fabric = Fabric.of(directory);
        victim = SharedMemoryHypervisor.open(fabric, VICTIM.domain());
        friend = SharedMemoryHypervisor.open(fabric, 2);
        listener = V4vListener.open(victim, VICTIM.port());
        var _ = executor.submit(() -> {
            while (true) {
                MessageChannel channel = listener.accept();
                var _ = executor.submit(() -> echo(channel));
            }
        });
    }

    @AfterEach
    void close() throws InterruptedException {
        enough = true;
        listener.close();
        friend.close();
        victim.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS), "a thread still waits for a hostile peer");
        assertEquals(List.of(), List.copyOf(unclean));
    }

    private void echo(MessageChannel channel) {
        try (channel) {
            while (true) {
                try (IncomingMessage message = channel.receive()) {
                    byte[] payload = new byte[(int) message.payload().byteSize()];
                    message.payload().copyTo(MemorySegment.ofArray(payload), 0);
                    int bytes = Math.min(payload.length, channel.maximumPayloadBytes());
                    channel.send(
                            message.header(), MemorySegment.ofArray(payload).asSlice(0, bytes));
                }
            }
        } catch (IOException e) {
            ended.incrementAndGet(); // the contract
        } catch (RuntimeException | Error e) {
            unclean.add(e);
        }
    }

    /** The friend's ping-pong; ends when told to, with the number of round trips. */
    private Future<Integer> pingPong() throws IOException {
        MessageChannel channel = V4vConnections.connect(friend, VICTIM, TimeUnit.SECONDS.toNanos(10));
        return executor.submit(() -> {
            int count = 0;
            try (channel) {
                MemorySegment header = MemorySegment.ofArray(new byte[4]);
                for (; !enough; count++) {
                    header.set(ValueLayout.JAVA_INT_UNALIGNED, 0, count);
                    channel.send(header, MemorySegment.ofArray(new byte[count % 5000]));
                    try (IncomingMessage message = channel.receive(TimeUnit.SECONDS.toNanos(5))) {
                        assertEquals(count, message.header().get(ValueLayout.JAVA_INT_UNALIGNED, 0));
                        assertEquals(count % 5000, message.payload().byteSize());
                    }
                }
            }
            return count;
        });
    }

    private int end(Future<Integer> pingPong) throws Exception {
        enough = true;
        int count = pingPong.get(10, TimeUnit.SECONDS);
        assertTrue(count > 0);
        return count;
    }

    private void connectOnceMore() throws IOException {
        try (MessageChannel channel = V4vConnections.connect(friend, VICTIM, TimeUnit.SECONDS.toNanos(10))) {
            channel.send(MemorySegment.ofArray(new byte[8]));
            channel.receive(TimeUnit.SECONDS.toNanos(5)).close();
        }
    }

    @Test
    void survivesAPeerThatScribblesOverItsRings() throws Exception {
        Future<Integer> beside = pingPong();
        try (HostilePeer hostile = HostilePeer.start("scribble", directory)) {
            assertEquals(List.of("done"), hostile.readAll());
        }
        end(beside);
        connectOnceMore();
        long start = System.nanoTime();
        while (ended.get() < 12 + 2) { // each channel, hostile or the friend's, ends by an exception of the contract
            assertTrue(
                    System.nanoTime() - start < TimeUnit.SECONDS.toNanos(10),
                    "only " + ended + " of 14 channels ended");
            Thread.onSpinWait();
        }
    }

    @Test
    void keepsItsMemoryWhenAPeerShrinksARing() throws Exception {
        Future<Integer> beside = pingPong();
        try (HostilePeer hostile = HostilePeer.start("shrink", directory)) {
            assertEquals(List.of("refused", "echoed"), hostile.readAll());
        }
        end(beside);
    }

    @Test
    void goesOnWhileAPeerFloodsTheControlPath() throws Exception {
        Future<Integer> beside = pingPong();
        try (HostilePeer hostile = HostilePeer.start("flood", directory)) {
            assertEquals("flooding", hostile.readLine());
            for (int i = 0; i < 20; i++) {
                connectOnceMore();
            }
        }
        end(beside);
        connectOnceMore();
    }

    @Test
    void keepsNoDescriptorThatAPeerSlipsIn() throws Throwable {
        connectOnceMore();
        int memory = Linux.sealedMemory("v4v-slipped", 4096);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.BYTES, 8);
            ControlDescriptor.write(packet, ControlDescriptor.HELLO, 1, 0, 0, 2, 0, friend.incarnation());
            long before = descriptors();
            for (int i = 0; i < 50; i++) {
                int fd = Linux.seqpacketSocket();
                Linux.connect(fd, fabric.socket(VICTIM.domain()));
                if (i % 2 == 0) {
                    Linux.send(fd, packet, memory);
                } else {
                    sendWithTwo(fd, packet, memory, arena);
                }
                awaitHangUp(fd);
                Linux.close(fd);
            }
            assertTrue(descriptors() <= before + 2, "from " + before + " to " + descriptors());
        } finally {
            Linux.close(memory);
        }
        connectOnceMore();
    }

    /** What {@link Linux#send} does not do. */
    private static void sendWithTwo(int fd, MemorySegment packet, int passed, Arena arena) throws Throwable {
        MemorySegment iov = arena.allocate(16, 8);
        iov.set(ValueLayout.ADDRESS, 0, packet);
        iov.set(ValueLayout.JAVA_LONG, 8, packet.byteSize());
        MemorySegment control = arena.allocate(24, 8);
        control.set(ValueLayout.JAVA_LONG, 0, 24);
        control.set(ValueLayout.JAVA_INT, 8, 1); // SOL_SOCKET
        control.set(ValueLayout.JAVA_INT, 12, 1); // SCM_RIGHTS
        control.set(ValueLayout.JAVA_INT, 16, passed);
        control.set(ValueLayout.JAVA_INT, 20, passed);
        MemorySegment message = arena.allocate(56, 8);
        message.set(ValueLayout.ADDRESS, 16, iov);
        message.set(ValueLayout.JAVA_LONG, 24, 1);
        message.set(ValueLayout.ADDRESS, 32, control);
        message.set(ValueLayout.JAVA_LONG, 40, 24);
        long sent = (long) SENDMSG.invokeExact(fd, message, 0);
        assertEquals(packet.byteSize(), sent);
    }

    private static int descriptorOf(Path file, RandomAccessFile open) throws IOException {
        assertTrue(open.getFD().valid());
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path each : all.toList()) {
                if (Files.isSymbolicLink(each) && Files.readSymbolicLink(each).equals(file.toRealPath())) {
                    return Integer.parseInt(each.getFileName().toString());
                }
            }
        }
        throw new AssertionError(file + " is not open");
    }

    private static void awaitHangUp(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment poll = arena.allocate(8, 4);
            poll.set(ValueLayout.JAVA_INT, 0, fd);
            poll.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
            assertTrue(Linux.poll(poll, 1, 10_000) > 0, "neither answer nor hang-up");
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void refusesARingInMemoryThatCouldShrink() throws Exception {
        int length = 4096;
        Path file = directory.resolve("unsealed");
        try (RandomAccessFile memory = new RandomAccessFile(file.toFile(), "rw");
                FakeDomain hostile = FakeDomain.open(fabric, 3, descriptorOf(file, memory), length)) {
            memory.setLength(RingDescriptor.mappedBytes(length));
            long before = descriptors();
            for (int i = 0; i < 20; i++) {
                ArgoException e = assertThrows(ArgoException.class, () -> victim.attach(1, new V4vAddress(3, 7)));
                assertEquals(ArgoError.EFAULT, e.error());
                assertTrue(String.valueOf(e.getMessage()).contains("not sealed"), e.getMessage());
            }
            assertTrue(descriptors() <= before + 4, "from " + before + " to " + descriptors());
            assertEquals(20, hostile.handedOut());
        }
    }

    @Test
    void refusesAWindowInMemoryThatCouldShrinkOrIsTooShort() throws Exception {
        Path file = directory.resolve("unsealed");
        try (RandomAccessFile memory = new RandomAccessFile(file.toFile(), "rw");
                FakeDomain hostile = FakeDomain.open(fabric, 3, descriptorOf(file, memory), 0)) {
            memory.setLength(1 << 20);
            expectNoWindow(hostile, 1 << 20);
        }
        int sealed = Linux.sealedMemory("short", 4096);
        try (FakeDomain hostile = FakeDomain.open(fabric, 4, sealed, 0)) {
            long before = descriptors();
            ArgoException e = assertThrows(ArgoException.class, () -> victim.open(4, 1, 8192));
            assertEquals(ArgoError.EFAULT, e.error());
            victim.open(4, 1, 4096).close();
            assertTrue(descriptors() <= before + 4, "from " + before + " to " + descriptors());
            assertEquals(2, hostile.handedOut());
        } finally {
            Linux.close(sealed);
        }
    }

    private void expectNoWindow(FakeDomain hostile, long bytes) throws IOException {
        long before = descriptors();
        for (int i = 0; i < 20; i++) {
            ArgoException e = assertThrows(ArgoException.class, () -> victim.open(3, 1, bytes));
            assertEquals(ArgoError.EFAULT, e.error());
        }
        assertTrue(descriptors() <= before + 4, "from " + before + " to " + descriptors());
        assertEquals(20, hostile.handedOut());
    }
}
