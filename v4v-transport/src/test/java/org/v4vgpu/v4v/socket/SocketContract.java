package org.v4vgpu.v4v.socket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/**
 * What every socket must do, whatever it runs over: the same on TCP, which says what is right, and on V4V. Streams and waits, and here
 * connecting, addresses and options.
 */
abstract class SocketContract extends SocketWaitContract {
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
