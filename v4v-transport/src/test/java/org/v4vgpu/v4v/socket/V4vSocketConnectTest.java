package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnections;

/** How sockets over V4V find and lose each other: addresses, waits for an answer, places, and who forgets to close. */
class V4vSocketConnectTest extends V4vSocketPair {
    @Test
    void namesDomainsAsHostsAndKeepsExactAddresses() throws Exception {
        assertEquals(ADDRESS, client.v4vRemoteAddress());
        assertEquals(ADDRESS, server.v4vLocalAddress());
        assertEquals(ADDRESS, listener.v4vAddress());
        assertEquals(client.v4vLocalAddress(), server.v4vRemoteAddress());
        assertTrue(String.valueOf(server.v4vRemoteAddress()).startsWith("v4v://5:"), "from domain 5");
        assertEquals("0.0.0.1", client.getInetAddress().getHostAddress());
        assertEquals("1", client.getInetAddress().getHostName());
        V4vAddress far = new V4vAddress(1, 4_000_000_000L);
        try (V4vServerSocket other = new V4vServerSocket(serving)) {
            other.bind(far);
            assertEquals(far, other.v4vAddress());
            assertEquals(4_000_000_000L & 0xFFFF, other.getLocalPort());
            try (V4vSocket socket = new V4vSocket(connecting)) {
                socket.connect(new V4vSocketAddress(far));
                assertEquals(
                        far,
                        assertInstanceOf(V4vSocketAddress.class, socket.getRemoteSocketAddress())
                                .v4vAddress());
            }
        }
        assertEquals(new V4vAddress(300, 9), DomainNames.address(new InetSocketAddress("300", 9), 5));
        assertEquals(new V4vAddress(300, 9), DomainNames.address(InetSocketAddress.createUnresolved("300", 9), 5));
        assertEquals(new V4vAddress(300, 9), DomainNames.parse("0.0.1.44", 9, 5).v4vAddress());
        assertEquals(new V4vAddress(5, 9), DomainNames.parse("LOCALHOST", 9, 5).v4vAddress());
        assertEquals(
                new V4vAddress(5, 9),
                DomainNames.address(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9), 5));
        assertEquals(
                new V4vAddress(5, 9), DomainNames.address(new InetSocketAddress(InetAddress.ofLiteral("::1"), 9), 5));
        for (String host : new String[] {"32756", "99999999999", "example.org", "10.0.0.1", "fe80::1", "-1"}) {
            assertThrows(UnknownHostException.class, () -> DomainNames.parse(host, 9, 5), host);
        }
    }

    @Test
    void connectsWithinOneDomain() throws Exception {
        try (V4vSocket socket = new V4vSocket(serving)) {
            socket.connect(new InetSocketAddress("localhost", 8080), 10_000);
            try (Socket accepted = listener.accept()) {
                socket.getOutputStream().write(3);
                assertEquals(3, accepted.getInputStream().read());
            }
        }
    }

    @Test
    void bindsToItsOwnDomainAndToNoPort() throws Exception {
        try (V4vSocket socket = new V4vSocket(connecting)) {
            assertThrows(BindException.class, () -> socket.bind(new InetSocketAddress("5", 1234)));
            assertThrows(BindException.class, () -> socket.bind(new InetSocketAddress("1", 0)));
            socket.bind(new InetSocketAddress("5", 0));
        }
        try (V4vServerSocket other = new V4vServerSocket(serving)) {
            assertThrows(BindException.class, () -> other.bind(new V4vAddress(5, 99)));
            other.bind(null);
            assertTrue(other.getLocalPort() >= 49_152, "port " + other.getLocalPort());
        }
    }

    @Test
    void makesRingsAsLongAsTheReceiveBuffer() throws Exception {
        try (V4vSocket socket = new V4vSocket(connecting)) {
            socket.setReceiveBufferSize(200_003);
            socket.connect(ADDRESS);
            try (Socket accepted = listener.accept()) {
                assertEquals(200_000, socket.getReceiveBufferSize());
                assertEquals(200_000, accepted.getSendBufferSize());
            }
        }
    }

    @Test
    void timesOutAConnectThatNobodyAnswersAndEndsItByAClose() throws Exception {
        try (ReceiveRing silent = serving.register(99, V4vAddress.DOMAIN_ANY, 4096)) {
            V4vSocket timing = new V4vSocket(connecting);
            assertThrows(SocketTimeoutException.class, () -> timing.connect(new V4vAddress(1, 99), 50));
            assertTrue(timing.isClosed());
            V4vSocket closing = new V4vSocket(connecting);
            Future<?> connect = executor.submit(() -> {
                closing.connect(new V4vAddress(1, 99));
                return null;
            });
            assertThrows(TimeoutException.class, () -> connect.get(100, MILLISECONDS));
            closing.close();
            var e = assertThrows(ExecutionException.class, () -> connect.get(500, MILLISECONDS));
            SocketException cause = assertInstanceOf(SocketException.class, e.getCause());
            assertEquals("Socket closed", cause.getMessage());
            assertTrue(silent.next(), "both asked");
        }
    }

    @Test
    void refusesAConnectToADomainThatIsNot() {
        assertThrows(ConnectException.class, () -> new V4vSocket(connecting).connect(new V4vAddress(77, 1), 1000));
    }

    @Test
    void waitsWithAnswersWhileTheBacklogIsFull() throws Exception {
        List<V4vSocket> early = new ArrayList<>();
        try (V4vServerSocket small = new V4vServerSocket(serving)) {
            small.bind(new V4vAddress(1, 77), 2);
            for (int i = 0; i < 2; i++) {
                V4vSocket socket = new V4vSocket(connecting);
                socket.connect(new V4vAddress(1, 77), 10_000);
                early.add(socket);
            }
            V4vSocket third = new V4vSocket(connecting);
            Future<?> connect = executor.submit(() -> {
                third.connect(new V4vAddress(1, 77), 10_000);
                return null;
            });
            assertThrows(TimeoutException.class, () -> connect.get(100, MILLISECONDS));
            small.accept().close();
            connect.get(10, SECONDS);
            early.add(third);
        } finally {
            for (V4vSocket socket : early) {
                socket.close();
            }
        }
    }

    @Test
    void takesItsPlaceAmongManyConnectionsAgainAndAgain() throws Exception {
        for (int round = 0; round < 200; round++) { // more than a domain has rings
            try (V4vSocket socket = new V4vSocket(connecting)) {
                socket.setReceiveBufferSize(4096);
                socket.connect(ADDRESS, 10_000);
                try (Socket accepted = listener.accept()) {
                    socket.getOutputStream().write(round);
                    assertEquals(round & 0xFF, accepted.getInputStream().read());
                }
            }
        }
    }

    @Test
    void closesWhatWasForgotten() throws Exception {
        connectAndForget();
        try (Socket accepted = listener.accept()) {
            accepted.setSoTimeout(100);
            while (true) {
                System.gc();
                try {
                    assertEquals(-1, accepted.getInputStream().read());
                    return;
                } catch (SocketTimeoutException e) {
                    assertFalse(accepted.isClosed()); // not collected yet
                }
            }
        }
    }

    @SuppressWarnings("resource") // that is the point
    private void connectAndForget() throws IOException {
        new V4vSocket(connecting).connect(ADDRESS);
    }

    @Test
    void endsForAConnectorThatGaveUpWhileItConnected() throws Exception {
        ReceiveRing vanishing = connecting.register(0x8000_0001L, 1, 1 << 17);
        ByteBuffer request = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(0x4753_4d56).putInt(1).putInt(0x8000_0001).putInt(0).flip();
        connecting.sendv(vanishing.address(), ADDRESS, 0x5634_0001, List.of(MemorySegment.ofBuffer(request)));
        try (Socket accepted = listener.accept()) {
            vanishing.close();
            assertThrows(SocketException.class, () -> accepted.getInputStream().read());
        }
    }

    @Test
    void tellsAMessageChannelFromAStream() throws Exception {
        try (MessageChannel channel = V4vConnections.connect(connecting, ADDRESS, SECONDS.toNanos(10));
                Socket accepted = listener.accept()) {
            channel.send(MemorySegment.ofArray(new byte[5]));
            assertThrows(SocketException.class, () -> accepted.getInputStream().read());
            accepted.getOutputStream().write(1);
            IOException e = assertThrows(IOException.class, () -> channel.receive());
            assertTrue(String.valueOf(e.getMessage()).contains("0x56340011"), e.getMessage());
        }
    }

    @Test
    void leadsAllHostsToTheFactorysDomain() throws Exception {
        V4vSocketFactory factory = V4vSocketFactory.toDomain(1);
        assertEquals(V4vSocketFactory.toDomain(1), factory);
        assertFalse(new V4vSocketFactory().equals(factory));
        try (V4vSocket socket = new V4vSocket(new Home(connecting), 1)) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("192.168.7.7"), 8080));
            assertEquals(ADDRESS, socket.v4vRemoteAddress());
        }
    }
}
