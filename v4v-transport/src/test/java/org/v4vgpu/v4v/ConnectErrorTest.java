package org.v4vgpu.v4v;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** What users see when there is nobody, or somebody else: one line that names the address and the cause. */
@Timeout(60)
@Isolated("counts what the process has open, sets a property")
class ConnectErrorTest {
    private final ExecutorService executor = Executors.newCachedThreadPool();

    @TempDir
    Path fabric;

    private V4vHypervisor server;

    @BeforeEach
    void open() throws IOException {
        LocalDomains.closeAll();
        LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(fabric), 5));
        server = SharedMemoryHypervisor.open(Fabric.of(fabric), 1);
    }

    @AfterEach
    void close() {
        LocalDomains.closeAll();
        server.close();
        executor.shutdownNow();
    }

    @Test
    void namesADomainThatDoesNotExist() {
        assertConnectFails("v4v://7:4840", "v4v://7:4840: no such domain in fabric " + fabric);
    }

    @Test
    void namesAPortThatNobodyRegistered() {
        assertConnectFails("v4v://1:4999", "nobody listens on port 4999 of domain 1");
    }

    @Test
    void namesATcpPortThatNobodyListensOn() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        assertConnectFails("tcp://127.0.0.1:" + port, "tcp://127.0.0.1:" + port + ": Connection refused");
        assertConnectFails("tcp://no.such.host.invalid:1", "unknown host");
    }

    @Test
    void refusesToListenTwice() throws IOException {
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse("v4v://5:1"));
                MessageListener tcp = MessageChannels.listen(ChannelAddress.parse("tcp://127.0.0.1:0"))) {
            for (ChannelAddress taken : List.of(listener.address(), tcp.address())) {
                IOException e = assertThrows(IOException.class, () -> MessageChannels.listen(taken));
                assertTrue(String.valueOf(e.getMessage()).contains(taken.toString()), e.getMessage());
            }
        }
    }

    @Test
    void refusesTheConnectionBeyondTheLastRingAndLeaksNothing() throws Exception {
        V4vAddress address = new V4vAddress(1, 4840);
        Future<?> accepting;
        try (MessageListener listener = V4vListener.open(server, 4840, 4096)) {
            List<MessageChannel> accepted = Collections.synchronizedList(new ArrayList<>());
            accepting = executor.submit(() -> assertThrows(IOException.class, () -> {
                while (true) {
                    accepted.add(listener.accept());
                }
            }));
            long descriptors = 0;
            for (int round = 0; round < 3; round++) {
                V4vHypervisor client = LocalDomains.toConnect();
                List<MessageChannel> channels = new ArrayList<>();
                for (int i = 1; i < V4vHypervisor.RINGS_PER_DOMAIN; i++) {
                    channels.add(V4vConnections.connect(client, address, TimeUnit.SECONDS.toNanos(10), 4096));
                }
                assertRefused(client, address, "128 rings");
                while (accepted.size() < channels.size()) {
                    Thread.sleep(1); // a connection is whole before it is accepted
                }
                channels.forEach(MessageChannel::close);
                // The other ends close as well, as a server's do when their clients are gone.
                accepted.forEach(MessageChannel::close);
                accepted.clear();
                LocalDomains.closeAll();
                awaitNoPartners();
                long now = openDescriptors();
                assertTrue(round == 0 || now <= descriptors, now + " descriptors after " + descriptors);
                descriptors = now;
                LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(fabric), 5));
            }
        }
        accepting.get(10, TimeUnit.SECONDS);
    }

    @Test
    void refusesADomainThatHasAsManyConnectionsAsThePropertySays() throws Exception {
        V4vAddress address = new V4vAddress(1, 4840);
        List<MessageChannel> channels = new ArrayList<>();
        System.setProperty(V4vConnections.CONNECTIONS_PROPERTY, "2");
        try (MessageListener listener = V4vListener.open(server, 4840, 4096);
                V4vHypervisor other = SharedMemoryHypervisor.open(Fabric.of(fabric), 6)) {
            V4vHypervisor client = LocalDomains.toConnect();
            for (V4vHypervisor domain : List.of(client, client, other)) {
                channels.add(V4vConnections.connect(domain, address, TimeUnit.SECONDS.toNanos(10), 4096));
                channels.add(listener.accept());
            }
            assertRefused(client, address, "domain 5 has 2 connections here");
        } finally {
            System.clearProperty(V4vConnections.CONNECTIONS_PROPERTY);
            channels.forEach(MessageChannel::close);
        }
    }

    @Test
    void makesNoMoreConnectionsWholeThanTheBacklogTakes() throws Exception {
        V4vHypervisor client = LocalDomains.toConnect();
        V4vAddress address = new V4vAddress(1, 4840);
        int connectors = 100;
        AtomicInteger whole = new AtomicInteger();
        List<Future<MessageChannel>> connecting = new ArrayList<>();
        List<MessageChannel> accepted = new ArrayList<>();
        try (MessageListener listener = V4vListener.open(server, 4840, 4096)) {
            for (int i = 0; i < connectors; i++) {
                connecting.add(executor.submit(() -> {
                    MessageChannel channel =
                            V4vConnections.connect(client, address, TimeUnit.SECONDS.toNanos(30), 4096);
                    whole.incrementAndGet();
                    return channel;
                }));
            }
            awaitAtLeast(V4vListener.BACKLOG, whole);
            Thread.sleep(200); // in which all would become whole
            assertEquals(V4vListener.BACKLOG, whole.get());
            for (int i = 1; i <= connectors; i++) {
                accepted.add(listener.accept());
                awaitAtLeast(Math.min(connectors, V4vListener.BACKLOG + i), whole);
                assertTrue(whole.get() <= V4vListener.BACKLOG + i, whole + " after " + i);
            }
        }
        for (Future<MessageChannel> one : connecting) {
            one.get().close();
        }
        accepted.forEach(MessageChannel::close);
    }

    private static void awaitAtLeast(int count, AtomicInteger reached) throws InterruptedException {
        while (reached.get() < count) {
            Thread.sleep(1);
        }
    }

    private static void assertRefused(V4vHypervisor client, V4vAddress address, String reason) {
        IOException e = assertThrows(
                IOException.class, () -> V4vConnections.connect(client, address, TimeUnit.SECONDS.toNanos(10), 4096));
        assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    }

    @Test
    void keepsWholeConnectionsInTheBacklogAndTheOthersWaiting() throws Exception {
        V4vHypervisor client = LocalDomains.toConnect();
        V4vAddress address = new V4vAddress(1, 4840);
        List<MessageChannel> channels = new ArrayList<>();
        V4vListener listener = V4vListener.open(server, 4840, 4096, 2);
        try (listener) {
            assertThrows(
                    java.net.SocketTimeoutException.class,
                    () -> listener.acceptConnection(TimeUnit.MILLISECONDS.toNanos(20)));
            for (int i = 0; i < 2; i++) {
                channels.add(V4vConnections.connect(client, address, TimeUnit.SECONDS.toNanos(10), 4096));
                channels.getLast().send(MemorySegment.ofArray(new byte[] {(byte) i}));
            }
            Future<MessageChannel> third =
                    executor.submit(() -> V4vConnections.connect(client, address, TimeUnit.SECONDS.toNanos(10), 4096));
            assertThrows(java.util.concurrent.TimeoutException.class, () -> third.get(100, TimeUnit.MILLISECONDS));
            for (int i = 0; i < 2; i++) {
                MessageChannel channel = listener.accept();
                channels.add(channel);
                try (IncomingMessage message = channel.receive()) {
                    assertEquals((byte) i, message.header().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0));
                }
            }
            channels.add(third.get(10, TimeUnit.SECONDS));
        }
        assertThrows(IOException.class, listener::accept);
        assertThrows(java.io.EOFException.class, () -> channels.getLast().receive(), "it was never accepted");
        channels.forEach(MessageChannel::close);
        try (V4vListener next = V4vListener.open(server, 4840, 4096)) {
            assertEquals(address, next.address());
        }
    }

    /** Until the server's domain has noticed that domain 5 left, its rings for it count. */
    private void awaitNoPartners() throws IOException {
        long start = System.nanoTime();
        while (true) {
            List<ReceiveRing> all = new ArrayList<>();
            try {
                for (int i = 1; i < V4vHypervisor.RINGS_PER_DOMAIN; i++) {
                    all.add(server.register(10_000 + i, V4vAddress.DOMAIN_ANY, 48));
                }
                return;
            } catch (ArgoException e) {
                assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(1), e.getMessage());
            } finally {
                all.forEach(ReceiveRing::close);
            }
        }
    }

    private static long openDescriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/self/fd"))) {
            return list.count();
        }
    }

    @Test
    void tellsAnOldConnectorWhichVersionThisIs() throws Exception {
        assertRefused(2, "speaks version 2 of the v4vgpu message protocol, this is version 1");
    }

    private void assertRefused(int version, String reason) throws Exception {
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse("v4v://5:4840"))) {
            Future<MessageChannel> accepted = executor.submit(listener::accept);
            ReceiveRing in = server.register(99, 5, 4096);
            MemorySegment request = MemorySegment.ofBuffer(ByteBuffer.allocate(16)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(0x4753_4d56)
                    .putInt(version)
                    .putInt(99)
                    .putInt(0)
                    .flip());
            server.sendv(in.address(), (V4vAddress) listener.address(), 0x5634_0001, List.of(request));
            assertTrue(in.await(TimeUnit.SECONDS.toNanos(10)) && in.next());
            byte[] answer = new byte[in.messageBytes()];
            in.copy(0, MemorySegment.ofArray(answer), 0, answer.length);
            assertTrue(new String(answer, US_ASCII).contains(reason), new String(answer, US_ASCII));
            assertFalse(accepted.isDone(), "a foreign peer ends no listener");
        }
    }

    @Test
    void namesAV4vPeerThatSpeaksSomethingElse() throws Exception {
        ReceiveRing listening = server.register(4840, V4vAddress.DOMAIN_ANY, 4096);
        Future<?> foreign = executor.submit(() -> {
            assertTrue(listening.await(TimeUnit.SECONDS.toNanos(10)) && listening.next());
            MemorySegment noise = MemorySegment.ofArray("HTTP/1.1 400 Bad Request".getBytes(US_ASCII));
            server.sendv(new V4vAddress(1, 4840), listening.source(), 1, List.of(noise));
            return null;
        });
        assertConnectFails("v4v://1:4840", "v4v://1:4840 does not speak the v4vgpu message protocol");
        foreign.get(10, TimeUnit.SECONDS);
    }

    @Test
    void namesATcpPeerThatSpeaksSomethingElseOrAnotherVersion() throws Exception {
        assertForeignTcp("HTTP/1.1 400 Bad".getBytes(US_ASCII), "does not speak the v4vgpu message protocol");
        assertForeignTcp("hi".getBytes(US_ASCII), "closed the connection before it said what it speaks");
        byte[] later = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x5056_3456)
                .putShort((short) 9)
                .array();
        assertForeignTcp(later, "speaks version 9 of the v4vgpu message protocol, this is version 1");
    }

    private void assertForeignTcp(byte[] answer, String cause) throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Future<?> foreign = executor.submit(() -> {
                try (Socket peer = socket.accept()) {
                    peer.getOutputStream().write(answer);
                    assertEquals(8, peer.getInputStream().readNBytes(8).length);
                }
                return null;
            });
            assertConnectFails("tcp://127.0.0.1:" + socket.getLocalPort(), cause);
            foreign.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void keepsListeningWhenForeignAndSilentTcpPeersConnect() throws Exception {
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse("tcp://127.0.0.1:0"))) {
            int port = ((TcpAddress) listener.address()).port();
            Future<MessageChannel> accepted = executor.submit(listener::accept);
            try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), port);
                    Socket http = new Socket(InetAddress.getLoopbackAddress(), port)) {
                http.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII));
                assertEquals(8, silent.getInputStream().readNBytes(8).length);
                assertEquals(8, http.getInputStream().readNBytes(8).length);
                assertEndsSoon(http);
                try (MessageChannel client = MessageChannels.connect(listener.address());
                        MessageChannel channel = accepted.get(10, TimeUnit.SECONDS)) {
                    client.send(MemorySegment.ofArray(new byte[3]));
                    channel.receive().close();
                }
            }
        }
    }

    @Test
    void breaksOnHostileTcpFrames() throws Exception {
        int[][] frames = {{-2, 0}, {0, -1}, {70_000, 0}, {0, 300_000}, {Integer.MAX_VALUE, Integer.MAX_VALUE}, {-1, 5}};
        for (int[] frame : frames) {
            try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse("tcp://127.0.0.1:0"));
                    Socket hostile =
                            new Socket(InetAddress.getLoopbackAddress(), ((TcpAddress) listener.address()).port())) {
                ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
                bytes.putInt(0x5056_3456).putShort((short) 1).putShort((short) 0);
                bytes.putInt(frame[0]).putInt(frame[1]).putLong(0);
                hostile.getOutputStream().write(bytes.array());
                try (MessageChannel channel = listener.accept()) {
                    IOException e = assertThrows(IOException.class, () -> channel.receive());
                    assertTrue(String.valueOf(e.getMessage()).contains("frame"), e.toString());
                    assertFalse(channel.isOpen());
                }
            }
        }
    }

    private static void assertEndsSoon(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (java.net.SocketException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("reset"), e.toString());
        }
    }

    private static void assertConnectFails(String address, String cause) {
        IOException e = assertThrows(
                IOException.class,
                () -> MessageChannels.connect(ChannelAddress.parse(address)).close());
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains(cause), message);
        assertTrue(message.contains(address), message);
        assertFalse(message.contains("\n"), message);
    }
}
