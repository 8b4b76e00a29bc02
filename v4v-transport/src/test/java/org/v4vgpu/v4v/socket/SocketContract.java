package org.v4vgpu.v4v.socket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.zip.CRC32;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every socket must do, whatever it runs over: the same on TCP, which says what is right, and on V4V. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt ends no wait
abstract class SocketContract {
    protected final ExecutorService executor = Executors.newCachedThreadPool();
    protected ServerSocketFactory serverFactory;
    protected SocketFactory clientFactory;
    protected ServerSocket listener;
    protected Socket client;
    protected Socket server;

    protected abstract ServerSocketFactory openServerFactory() throws IOException;

    protected abstract SocketFactory openClientFactory() throws IOException;

    /** How a client names the server's host. */
    protected abstract String host();

    /** Bytes for each direction of the large transfer. */
    protected long largeTransferBytes() {
        return 64L << 20;
    }

    /** Sets a new socket up before it is connected. */
    protected void prepare(Socket socket) throws SocketException {}

    /** Sets a new listener up before it is bound. */
    protected void prepare(ServerSocket socket) throws SocketException {}

    @BeforeEach
    void open() throws Exception {
        serverFactory = openServerFactory();
        clientFactory = openClientFactory();
        listener = listen(0);
        client = connect();
        server = listener.accept();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        listener.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits on a closed socket");
    }

    private ServerSocket listen(int port) throws IOException {
        ServerSocket socket = serverFactory.createServerSocket();
        prepare(socket);
        socket.bind(new InetSocketAddress(port));
        return socket;
    }

    protected SocketAddress target() {
        return new InetSocketAddress(host(), listener.getLocalPort());
    }

    private Socket connect() throws IOException {
        Socket socket = clientFactory.createSocket();
        prepare(socket);
        socket.connect(target(), 10_000);
        return socket;
    }

    protected static void assertWaits(Future<?> future) {
        assertThrows(TimeoutException.class, () -> future.get(100, MILLISECONDS));
    }

    /** How soon a waiting thread must be awake; the kernel's own sockets are not on trial. */
    protected long wakeUpMillis() {
        return 500;
    }

    protected <T extends Throwable> T failure(Class<T> kind, Future<?> future) {
        return assertInstanceOf(
                kind,
                assertThrows(ExecutionException.class, () -> future.get(wakeUpMillis(), MILLISECONDS))
                        .getCause());
    }

    protected static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    void echoesBytesOfAllLengths() throws Exception {
        Future<?> echo = executor.submit(() -> {
            byte[] buffer = new byte[10_000];
            int n;
            while ((n = server.getInputStream().read(buffer, 7, 9_000)) >= 0) {
                server.getOutputStream().write(buffer, 7, n);
            }
            server.close();
            return null;
        });
        Random random = new Random(1);
        for (int length : new int[] {1, 2, 15, 16, 17, 31, 32, 33, 4095, 4096, 8192, 8193, 100_000}) {
            byte[] sent = bytes(random, length);
            Future<?> written = executor.submit(() -> {
                client.getOutputStream().write(sent);
                return null;
            });
            assertArrayEquals(sent, client.getInputStream().readNBytes(length), "of " + length);
            written.get(10, SECONDS);
        }
        client.getOutputStream().write(200);
        assertEquals(200, client.getInputStream().read());
        client.shutdownOutput();
        assertEquals(-1, client.getInputStream().read());
        echo.get(10, SECONDS);
    }

    @Test
    void readsEverythingThatWasWrittenBeforeAClose() throws Exception {
        byte[] sent = bytes(new Random(2), 3_000);
        client.getOutputStream().write(sent);
        client.close();
        assertArrayEquals(sent, server.getInputStream().readAllBytes());
        assertEquals(-1, server.getInputStream().read());
        assertEquals(-1, server.getInputStream().read(new byte[5]));
        assertEquals(0, server.getInputStream().available());
    }

    @Test
    void goesOnInOneDirectionWhenTheOtherHasEnded() throws Exception {
        client.getOutputStream().write("question".getBytes(US_ASCII));
        client.shutdownOutput();
        assertTrue(client.isOutputShutdown());
        assertFalse(client.isInputShutdown());
        assertEquals("question", new String(server.getInputStream().readAllBytes(), US_ASCII));
        server.getOutputStream().write("answer".getBytes(US_ASCII));
        assertEquals("answer", new String(client.getInputStream().readNBytes(6), US_ASCII));
        assertThrows(SocketException.class, () -> client.getOutputStream());
        assertThrows(SocketException.class, () -> client.shutdownOutput());
        server.shutdownOutput();
        assertEquals(-1, client.getInputStream().read());
    }

    @Test
    void refusesWritesAfterItsOutputWasShutDown() throws Exception {
        OutputStream out = client.getOutputStream();
        client.shutdownOutput();
        assertThrows(SocketException.class, () -> out.write(new byte[100]));
        assertThrows(SocketException.class, () -> out.write(1));
    }

    @Test
    void endsItsInputWhenThatIsShutDownAndThePeerMayWriteOn() throws Exception {
        InputStream in = client.getInputStream();
        server.getOutputStream().write(new byte[10]);
        client.shutdownInput();
        assertTrue(client.isInputShutdown());
        assertEquals(-1, in.read());
        assertEquals(0, in.available());
        assertThrows(SocketException.class, () -> client.getInputStream());
        server.getOutputStream().write(new byte[1000]);
        client.getOutputStream().write(7);
        assertEquals(7, server.getInputStream().read());
        assertEquals(-1, in.read(new byte[10]));
    }

    @Test
    void endsAWaitingReadWhenItsInputIsShutDown() throws Exception {
        Future<Integer> read = executor.submit(() -> client.getInputStream().read());
        assertWaits(read);
        client.shutdownInput();
        assertEquals(-1, read.get(wakeUpMillis(), MILLISECONDS));
    }

    @Test
    void timesOutAReadAndReadsOn() throws Exception {
        server.setSoTimeout(50);
        assertEquals(50, server.getSoTimeout());
        long start = System.nanoTime();
        assertThrows(SocketTimeoutException.class, () -> server.getInputStream().read());
        assertTrue(System.nanoTime() - start >= MILLISECONDS.toNanos(45), "too early");
        assertThrows(SocketTimeoutException.class, () -> server.getInputStream().read(new byte[10]));
        client.getOutputStream().write(new byte[] {1, 2, 3});
        server.setSoTimeout(10_000);
        assertArrayEquals(new byte[] {1, 2, 3}, server.getInputStream().readNBytes(3));
        server.setSoTimeout(0);
        Future<Integer> read = executor.submit(() -> server.getInputStream().read());
        assertWaits(read);
        client.getOutputStream().write(4);
        assertEquals(4, read.get(wakeUpMillis(), MILLISECONDS));
    }

    @Test
    void timesOutAnAcceptAndAcceptsOn() throws Exception {
        listener.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, () -> listener.accept());
        try (Socket one = connect();
                Socket accepted = listener.accept()) {
            one.getOutputStream().write(5);
            assertEquals(5, accepted.getInputStream().read());
            assertEquals(0, accepted.getSoTimeout(), "of the listener only");
        }
    }

    @Test
    void wakesAReaderSoon() throws Exception {
        for (int i = 0; i < 3; i++) {
            Future<Integer> read = executor.submit(() -> server.getInputStream().read());
            assertWaits(read);
            client.getOutputStream().write(i);
            assertEquals(i, read.get(wakeUpMillis(), MILLISECONDS));
        }
    }

    @Test
    void endsAWaitingReadByAClose() throws Exception {
        assertClosedBy(() -> client.getInputStream().read(new byte[10]), client);
    }

    @Test
    void endsAWaitingWriteByAClose() throws Exception {
        assertClosedBy(
                () -> {
                    while (true) {
                        client.getOutputStream().write(new byte[100_000]);
                    }
                },
                client);
    }

    @Test
    void endsAWaitingAcceptByAClose() throws Exception {
        Future<Socket> accepted = executor.submit(() -> listener.accept());
        assertWaits(accepted);
        listener.close();
        assertTrue(String.valueOf(failure(SocketException.class, accepted).getMessage())
                .startsWith("Socket closed"));
        assertThrows(SocketException.class, () -> listener.accept());
        assertTrue(listener.isClosed());
        client.getOutputStream().write(1);
        assertEquals(1, server.getInputStream().read(), "what was accepted lives on");
    }

    private void assertClosedBy(Callable<?> wait, Socket socket) throws Exception {
        Future<?> waiting = executor.submit(wait);
        assertWaits(waiting);
        socket.close();
        assertEquals("Socket closed", failure(SocketException.class, waiting).getMessage());
    }

    @Test
    void refusesEverythingOnceClosed() throws Exception {
        InputStream in = client.getInputStream();
        OutputStream out = client.getOutputStream();
        server.getOutputStream().write(1);
        client.close();
        client.close();
        assertTrue(client.isClosed());
        assertTrue(client.isConnected(), "as java.net has it");
        assertThrows(SocketException.class, () -> in.read());
        assertThrows(SocketException.class, () -> in.available());
        assertThrows(SocketException.class, () -> out.write(1));
        assertThrows(SocketException.class, () -> client.getInputStream());
        assertThrows(SocketException.class, () -> client.getOutputStream());
        assertThrows(SocketException.class, () -> client.shutdownInput());
        assertThrows(SocketException.class, () -> client.setSoTimeout(1));
        assertThrows(SocketException.class, () -> client.connect(target()));
        assertNull(client.getChannel());
    }

    @Test
    void closesWithEitherOfItsStreams() throws Exception {
        client.getInputStream().close();
        assertTrue(client.isClosed());
        server.getOutputStream().close();
        assertTrue(server.isClosed());
    }

    @Test
    void saysTheEndAgainAfterItsOwnClose() throws Exception {
        InputStream in = server.getInputStream();
        client.close();
        assertEquals(-1, in.read());
        server.close();
        assertEquals(-1, in.read());
    }

    @Test
    void failsWritesToAPeerThatHasClosed() throws Exception {
        server.close();
        assertThrows(SocketException.class, () -> {
            while (true) {
                client.getOutputStream().write(new byte[1000]);
            }
        });
    }

    @Test
    void endsAWaitingWriteWhenThePeerCloses() throws Exception {
        Future<?> writing = executor.submit(() -> {
            while (true) {
                client.getOutputStream().write(new byte[100_000]);
            }
        });
        assertWaits(writing);
        server.close();
        failure(SocketException.class, writing);
    }

    @Test
    void resetsThePeerWhenNothingMayLinger() throws Exception {
        client.setSoLinger(true, 0);
        assertEquals(0, client.getSoLinger());
        client.close();
        assertThrows(SocketException.class, () -> server.getInputStream().read());
        assertThrows(SocketException.class, () -> server.getInputStream().read(), "and again");
    }

    @Test
    void losesNothingWithALingeringClose() throws Exception {
        client.setSoLinger(true, 5);
        client.getOutputStream().write(new byte[500]);
        client.close();
        assertEquals(500, server.getInputStream().readAllBytes().length);
    }

    @Test
    void countsWhatIsAvailable() throws Exception {
        InputStream in = server.getInputStream();
        assertEquals(0, in.available());
        byte[] sent = bytes(new Random(3), 1000);
        for (int i = 0; i < 10; i++) {
            client.getOutputStream().write(sent, i * 100, 100);
        }
        awaitAvailable(in, 1000);
        assertArrayEquals(Arrays.copyOfRange(sent, 0, 150), in.readNBytes(150));
        assertEquals(850, in.available());
        assertEquals(850, in.available());
        client.getOutputStream().write(sent, 0, 50);
        awaitAvailable(in, 900);
        assertArrayEquals(Arrays.copyOfRange(sent, 150, 1000), in.readNBytes(850));
        client.shutdownOutput();
        assertEquals(50, in.readAllBytes().length);
        assertEquals(0, in.available());
    }

    private static void awaitAvailable(InputStream in, int bytes) throws IOException {
        while (in.available() < bytes) {
            Thread.onSpinWait(); // TCP may take its time
        }
        assertEquals(bytes, in.available());
    }

    @Test
    void readsAndWritesNothingOfNoLength() throws Exception {
        InputStream in = server.getInputStream();
        assertEquals(0, in.read(new byte[0]));
        assertEquals(0, in.read(new byte[5], 5, 0));
        client.getOutputStream().write(new byte[0]);
        client.getOutputStream().write(new byte[] {9, 8}, 1, 1);
        assertEquals(8, in.read());
        assertThrows(IndexOutOfBoundsException.class, () -> in.read(new byte[5], 3, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> in.read(new byte[5], -1, 3));
        assertThrows(
                IndexOutOfBoundsException.class, () -> client.getOutputStream().write(new byte[5], 3, 3));
        assertEquals(0, in.skip(0));
        client.getOutputStream().write(new byte[] {1, 2, 3});
        in.skipNBytes(2);
        assertEquals(3, in.read());
    }

    @Test
    void carriesMuchInBothDirectionsAtOnce() throws Exception {
        long total = largeTransferBytes();
        Future<Long> clientSent = executor.submit(() -> write(client, total, 4));
        Future<Long> serverSent = executor.submit(() -> write(server, total, 5));
        Future<Long> serverRead = executor.submit(() -> read(server));
        Future<Long> clientRead = executor.submit(() -> read(client));
        assertEquals(clientSent.get(40, SECONDS), serverRead.get(40, SECONDS));
        assertEquals(serverSent.get(40, SECONDS), clientRead.get(40, SECONDS));
    }

    private static long write(Socket socket, long total, int seed) throws IOException {
        Random random = new Random(seed);
        CRC32 checksum = new CRC32();
        byte[] bytes = bytes(random, 300_000);
        long left = total;
        while (left > 0) {
            int length = (int) Math.min(left, 1 + random.nextInt(bytes.length));
            int from = random.nextInt(bytes.length - length + 1);
            socket.getOutputStream().write(bytes, from, length);
            checksum.update(bytes, from, length);
            left -= length;
        }
        socket.shutdownOutput();
        return checksum.getValue() ^ total << 32;
    }

    private static long read(Socket socket) throws IOException {
        byte[] bytes = new byte[100_000];
        CRC32 checksum = new CRC32();
        long total = 0;
        int length;
        while ((length = socket.getInputStream().read(bytes)) >= 0) {
            checksum.update(bytes, 0, length);
            total += length;
        }
        return checksum.getValue() ^ total << 32;
    }

    @Test
    void keepsEachWriteWholeAmongManyWriters() throws Exception {
        int writers = 4;
        int rounds = 300;
        int length = 1000;
        for (int i = 1; i <= writers; i++) {
            byte[] block = new byte[length];
            Arrays.fill(block, (byte) i);
            var _ = executor.submit(() -> {
                for (int round = 0; round < rounds; round++) {
                    client.getOutputStream().write(block);
                }
                return null;
            });
        }
        int[] seen = new int[writers + 1];
        for (int i = 0; i < writers * rounds; i++) {
            byte[] block = server.getInputStream().readNBytes(length);
            for (byte b : block) {
                assertEquals(block[0], b, "two writes are mixed");
            }
            seen[block[0]]++;
        }
        assertEquals(0, seen[0]);
        for (int i = 1; i <= writers; i++) {
            assertEquals(rounds, seen[i]);
        }
    }

    @Test
    void goesOnWhenInterrupted() throws Exception {
        Future<Boolean> read = executor.submit(() -> {
            Thread.currentThread().interrupt();
            int value = server.getInputStream().read();
            assertEquals(6, value);
            return Thread.interrupted();
        });
        assertWaits(read);
        client.getOutputStream().write(6);
        assertTrue(read.get(wakeUpMillis(), MILLISECONDS), "the interrupt is still pending");
    }

    @Test
    void connectsAndWritesBeforeAnybodyAccepts() throws Exception {
        Socket early = connect();
        early.getOutputStream().write(new byte[] {1, 2});
        early.close();
        try (Socket second = connect()) {
            second.getOutputStream().write(3);
            try (Socket first = listener.accept();
                    Socket other = listener.accept()) {
                assertArrayEquals(new byte[] {1, 2}, first.getInputStream().readAllBytes());
                assertEquals(3, other.getInputStream().read());
            }
        }
    }

    @Test
    void endsConnectionsThatNobodyAcceptedWithTheirListener() throws Exception {
        try (Socket waiting = connect()) {
            listener.close();
            try {
                assertEquals(-1, waiting.getInputStream().read());
            } catch (SocketException e) {
                assertTrue(String.valueOf(e.getMessage()).contains("reset"), e.getMessage());
            }
        }
    }

    @Test
    void refusesToConnectWhereNobodyListens() throws Exception {
        SocketAddress nobody = target();
        listener.close();
        try (Socket socket = clientFactory.createSocket()) {
            assertThrows(ConnectException.class, () -> socket.connect(nobody, 5000));
            assertTrue(socket.isClosed(), "as java.net has it");
        }
        assertThrows(UnknownHostException.class, () -> clientFactory.createSocket("no.such.host.invalid", 1234));
    }

    @Test
    void connectsOnceAndOnlyWhenOpen() throws Exception {
        assertThrows(SocketException.class, () -> client.connect(target()));
        try (Socket socket = clientFactory.createSocket()) {
            assertFalse(socket.isConnected());
            assertFalse(socket.isBound());
            assertEquals(0, socket.getPort());
            assertNull(socket.getRemoteSocketAddress());
            assertNull(socket.getLocalSocketAddress());
            assertNull(socket.getInetAddress());
            assertThrows(SocketException.class, () -> socket.getInputStream());
            assertThrows(SocketException.class, () -> socket.getOutputStream());
            assertThrows(SocketException.class, () -> socket.shutdownOutput());
            assertThrows(IllegalArgumentException.class, () -> socket.connect(target(), -1));
            assertThrows(IllegalArgumentException.class, () -> socket.connect(new SocketAddress() {}));
            socket.bind(null);
            assertTrue(socket.isBound());
            socket.connect(target());
            assertTrue(socket.isConnected());
        }
    }

    @Test
    void connectsThroughAllMethodsOfItsFactory() throws Exception {
        int port = listener.getLocalPort();
        try (Socket byName = clientFactory.createSocket(host(), port);
                Socket byAddress = clientFactory.createSocket(client.getInetAddress(), port);
                Socket bound = clientFactory.createSocket(host(), port, client.getLocalAddress(), 0)) {
            for (Socket socket : new Socket[] {byName, byAddress, bound}) {
                try (Socket accepted = listener.accept()) {
                    socket.getOutputStream().write(1);
                    assertEquals(1, accepted.getInputStream().read());
                }
            }
        }
        try (ServerSocket other = serverFactory.createServerSocket(0, 3)) {
            assertNotEquals(port, other.getLocalPort());
        }
    }

    @Test
    void knowsItsAddresses() throws Exception {
        assertEquals(listener.getLocalPort(), client.getPort());
        assertEquals(client.getLocalPort(), server.getPort());
        assertEquals(listener.getLocalPort(), server.getLocalPort());
        assertTrue(client.getLocalPort() >= 0);
        assertEquals(client.getInetAddress(), server.getLocalAddress());
        assertEquals(client.getLocalAddress(), server.getInetAddress());
        assertEquals(client.getLocalSocketAddress(), server.getRemoteSocketAddress());
        assertEquals(client.getRemoteSocketAddress(), server.getLocalSocketAddress());
        assertInstanceOf(InetSocketAddress.class, client.getRemoteSocketAddress());
        assertTrue(listener.isBound());
        assertTrue(client.isBound() && client.isConnected() && server.isBound() && server.isConnected());
        assertTrue(client.toString().contains(Integer.toString(client.getPort())), client.toString());
        assertTrue(listener.toString().contains(Integer.toString(listener.getLocalPort())), listener.toString());
        assertNull(listener.getChannel());
    }

    @Test
    void takesAPortOnceAndGivesItBack() throws Exception {
        int port = listener.getLocalPort();
        assertThrows(BindException.class, () -> listen(port));
        assertThrows(SocketException.class, () -> listener.bind(new InetSocketAddress(0)));
        ServerSocket other = serverFactory.createServerSocket();
        assertThrows(SocketException.class, () -> other.accept());
        assertEquals(-1, other.getLocalPort());
        other.close();
        assertThrows(SocketException.class, () -> other.bind(null));
        client.close();
        server.close();
        listener.close();
        listener = listen(port);
        assertEquals(port, listener.getLocalPort());
        client = connect();
        server = listener.accept();
    }

    @Test
    void remembersItsOptions() throws Exception {
        client.setTcpNoDelay(true);
        assertTrue(client.getTcpNoDelay());
        client.setKeepAlive(true);
        assertTrue(client.getKeepAlive());
        client.setReuseAddress(true);
        assertTrue(client.getReuseAddress());
        assertEquals(-1, client.getSoLinger());
        client.setSoLinger(true, 3);
        assertEquals(3, client.getSoLinger());
        assertEquals(3, client.getOption(StandardSocketOptions.SO_LINGER));
        client.setSoLinger(false, 0);
        assertEquals(-1, client.getSoLinger());
        assertEquals(-1, client.getOption(StandardSocketOptions.SO_LINGER));
        assertTrue(client.getReceiveBufferSize() > 0);
        assertTrue(client.getSendBufferSize() > 0);
        client.setSendBufferSize(50_000);
        client.setOption(StandardSocketOptions.TCP_NODELAY, true);
        assertEquals(true, client.getOption(StandardSocketOptions.TCP_NODELAY));
        assertTrue(client.supportedOptions().contains(StandardSocketOptions.SO_RCVBUF));
        assertTrue(listener.supportedOptions().contains(StandardSocketOptions.SO_RCVBUF));
        assertFalse(listener.supportedOptions().contains(StandardSocketOptions.SO_LINGER));
        assertThrows(UnsupportedOperationException.class, () -> listener.setOption(StandardSocketOptions.SO_LINGER, 3));
        assertThrows(
                UnsupportedOperationException.class,
                () -> client.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true));
        listener.setReuseAddress(true);
        assertTrue(listener.getReuseAddress());
        listener.setSoTimeout(77);
        assertEquals(77, listener.getSoTimeout());
        assertTrue(listener.getReceiveBufferSize() > 0);
        assertThrows(IllegalArgumentException.class, () -> client.setSoTimeout(-1));
        assertThrows(IllegalArgumentException.class, () -> client.setReceiveBufferSize(0));
    }
}
