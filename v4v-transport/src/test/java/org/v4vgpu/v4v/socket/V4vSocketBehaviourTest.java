package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vConnections;

/** What connected sockets over V4V do beyond the contract, and where they differ from TCP. */
class V4vSocketBehaviourTest extends V4vSocketPair {
    @Test
    void readsAndWritesWithoutAllocating() throws Exception {
        byte[] large = new byte[5000];
        byte[] small = new byte[20];
        ByteBuffer buffer = ByteBuffer.allocateDirect(5000);
        StreamSender out = stream(client).sender();
        StreamReceiver in = stream(server).receiver();
        V4vByteChannel from = client.byteChannel();
        V4vByteChannel to = server.byteChannel();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = 0;
        for (int i = 0; i < 20_000; i++) {
            if (i == 10_000) {
                allocated = threads.getCurrentThreadAllocatedBytes();
            }
            out.write(large, 0, large.length);
            out.write(small, 0, small.length);
            buffer.clear();
            from.write(buffer);
            assertEquals(5020, in.read(large, 0, 3000, 1000) + in.read(large, 0, 2000, 0) + in.read(small, 0, 20, 0));
            buffer.clear();
            assertEquals(5000, to.read(buffer));
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        assertTrue(allocated < 10_000 * 8, allocated + " bytes allocated by 70000 reads and writes");
    }

    private static V4vStream stream(V4vSocket socket) throws SocketException {
        return socket.byteChannel().stream();
    }

    @Test
    void discardsWhatIsWrittenToAPeerThatHasShutItsInputDown() throws Exception {
        Future<?> flood = executor.submit(() -> {
            for (int i = 0; i < 100; i++) {
                server.getOutputStream().write(new byte[100_000]);
            }
            return null;
        });
        client.shutdownInput();
        flood.get(10, SECONDS);
        client.getOutputStream().write(1);
        assertEquals(1, server.getInputStream().read());
        client.shutdownOutput();
        assertEquals(-1, server.getInputStream().read());
        server.getOutputStream().write(new byte[100_000]);
        client.close();
        assertThrows(SocketException.class, () -> server.getOutputStream().write(1));
    }

    @Test
    void discardsWhatBothSidesWriteWhenBothHaveShutTheirInputDown() throws Exception {
        client.shutdownInput();
        server.shutdownInput();
        for (int i = 0; i < 10; i++) {
            client.getOutputStream().write(new byte[100_000]);
            server.getOutputStream().write(new byte[100_000]);
        }
        client.close();
        SocketException e = assertThrows(
                SocketException.class, () -> server.getOutputStream().write(1));
        assertTrue(String.valueOf(e.getMessage()).contains("Broken pipe"), e.getMessage());
    }

    @Test
    void failsToWriteToADeadDomainAfterBothHaveShutTheirInputDown() throws Exception {
        client.shutdownInput();
        server.shutdownInput();
        server.getOutputStream().write(1);
        connecting.close();
        long start = System.nanoTime();
        while (true) {
            try {
                server.getOutputStream().write(1);
            } catch (SocketException e) {
                break;
            }
            assertTrue(System.nanoTime() - start < 1_000_000_000L, "still writes a second after the peer has left");
        }
    }

    @Test
    void readsTheEndOfAPeerThatSaysNothingAndShutsItsInputDown() throws Exception {
        client.shutdownInput();
        server.setSoTimeout(1_200); // longer than it takes to look around
        assertThrows(SocketTimeoutException.class, () -> server.getInputStream().read());
        client.close();
        assertEquals(-1, server.getInputStream().read());
    }

    @Test
    void readsWhatWasWrittenBeforeAReset() throws Exception {
        client.setSoLinger(true, 0);
        client.getOutputStream().write(new byte[] {1, 2});
        client.close();
        assertArrayEquals(new byte[] {1, 2}, server.getInputStream().readNBytes(2));
        assertThrows(SocketException.class, () -> server.getInputStream().read());
    }

    @Test
    void resetsEvenThroughAFullRing() throws Exception {
        try (V4vServerSocket small = new V4vServerSocket(serving)) {
            small.setReceiveBufferSize(4096);
            small.bind(new V4vAddress(1, 77));
            V4vSocket writer = new V4vSocket(connecting);
            writer.connect(new V4vAddress(1, 77), 10_000);
            try (Socket accepted = small.accept()) {
                assertEquals(4096, writer.getSendBufferSize());
                writer.getOutputStream()
                        .write(new byte[3 * 1024]); // three records, with 16 bytes each beside the message
                Future<?> last = executor.submit(() -> {
                    writer.getOutputStream().write(new byte[4096 - 3 * (16 + 1024) - 16 - 16]); // all but one slot
                    return null;
                });
                assertThrows(TimeoutException.class, () -> last.get(100, MILLISECONDS));
                writer.setSoLinger(true, 0);
                writer.close();
                assertThrows(
                        SocketException.class, () -> accepted.getInputStream().readAllBytes());
            }
        }
    }

    @Test
    void refusesUrgentDataAndSharedPorts() throws Exception {
        assertThrows(SocketException.class, () -> client.sendUrgentData(1));
        assertThrows(
                UnsupportedOperationException.class, () -> client.setOption(StandardSocketOptions.SO_REUSEPORT, true));
    }

    @Test
    void breaksOnRecordsThatNoStreamHas() throws Exception {
        for (int type : new int[] {0, 0x5634_0004, -1}) {
            try (V4vConnection hostile = connectBare();
                    Socket accepted = listener.accept()) {
                assertTrue(hostile.out().claim(10));
                hostile.out().put(0, MemorySegment.ofArray(new byte[10]), 0, 10);
                hostile.out().commit(type);
                SocketException e = assertThrows(
                        SocketException.class, () -> accepted.getInputStream().read());
                assertTrue(String.valueOf(e.getMessage()).contains("0x" + Integer.toHexString(type)), e.getMessage());
                assertThrows(
                        SocketException.class, () -> accepted.getInputStream().read(), "and again");
                assertEquals(0, accepted.getInputStream().available());
            }
        }
    }

    @Test
    void survivesEmptyRecordsAndRecordsAfterTheEnd() throws Exception {
        try (V4vConnection odd = connectBare();
                Socket accepted = listener.accept()) {
            for (int i = 0; i < 100; i++) {
                assertTrue(odd.out().claim(0));
                odd.out().commit(StreamDescriptor.BYTES);
            }
            accepted.setSoTimeout(20);
            assertThrows(
                    SocketTimeoutException.class,
                    () -> accepted.getInputStream().read());
            assertEquals(0, accepted.getInputStream().available());
            for (int type : new int[] {StreamDescriptor.BYTES, StreamDescriptor.END, StreamDescriptor.BYTES}) {
                assertTrue(odd.out().claim(type == StreamDescriptor.END ? 0 : 4));
                odd.out().commit(type);
            }
            assertEquals(4, accepted.getInputStream().available());
            assertEquals(4, accepted.getInputStream().readAllBytes().length);
        }
    }

    private V4vConnection connectBare() throws IOException {
        return V4vConnections.open(connecting, ADDRESS, SECONDS.toNanos(10), 1 << 17, ring -> {});
    }

    @Test
    void failsWithItsDomain() throws Exception {
        Future<Integer> read = executor.submit(() -> client.getInputStream().read());
        Future<?> accept = executor.submit(() -> listener.accept());
        assertThrows(TimeoutException.class, () -> read.get(100, MILLISECONDS));
        connecting.close();
        assertInstanceOf(
                SocketException.class,
                assertThrows(ExecutionException.class, () -> read.get(1, SECONDS))
                        .getCause());
        assertThrows(SocketException.class, () -> client.getOutputStream().write(new byte[100]));
        assertThrows(SocketException.class, () -> server.getInputStream().read());
        serving.close();
        assertInstanceOf(
                SocketException.class,
                assertThrows(ExecutionException.class, () -> accept.get(1, SECONDS))
                        .getCause());
    }

    @Test
    void isAByteChannel() throws Exception {
        V4vByteChannel from = client.byteChannel();
        V4vByteChannel to = server.byteChannel();
        byte[] bytes = new byte[3000];
        new Random(1).nextBytes(bytes);
        ByteBuffer direct = ByteBuffer.allocateDirect(3000).put(bytes).flip().position(10);
        assertEquals(2990, from.write(direct));
        assertFalse(direct.hasRemaining());
        assertEquals(5, from.write(ByteBuffer.wrap(bytes, 100, 5).asReadOnlyBuffer()));
        assertEquals(0, from.write(ByteBuffer.allocate(0)));
        ByteBuffer heap = ByteBuffer.allocate(5000).position(7);
        while (heap.position() < 7 + 2995) {
            assertTrue(to.read(heap) > 0);
        }
        assertArrayEquals(Arrays.copyOfRange(bytes, 10, 3000), Arrays.copyOfRange(heap.array(), 7, 2997));
        assertArrayEquals(Arrays.copyOfRange(bytes, 100, 105), Arrays.copyOfRange(heap.array(), 2997, 3002));
        assertEquals(0, to.read(ByteBuffer.allocate(0)));
        assertThrows(
                IllegalArgumentException.class,
                () -> to.read(ByteBuffer.allocate(3).asReadOnlyBuffer()));
        Future<Integer> read = executor.submit(() -> to.read(ByteBuffer.allocate(1)));
        assertThrows(TimeoutException.class, () -> read.get(100, MILLISECONDS));
        to.close();
        assertInstanceOf(
                AsynchronousCloseException.class,
                assertThrows(ExecutionException.class, () -> read.get(500, MILLISECONDS))
                        .getCause());
        assertFalse(to.isOpen());
        assertTrue(server.isClosed());
        assertThrows(ClosedChannelException.class, () -> to.write(direct));
        assertEquals(-1, from.read(ByteBuffer.allocate(1)));
    }
}
