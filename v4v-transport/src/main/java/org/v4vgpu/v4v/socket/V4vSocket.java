package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * A {@link Socket} whose bytes go over V4V. Safe for any thread; reading and writing at the same time is what it is for.
 *
 * {@snippet :
 *   try (Socket socket = new V4vSocket()) {
 *       socket.connect(new V4vAddress(1, 8080), 1000);
 *       socket.getOutputStream().write(request);
 *       int n = socket.getInputStream().read(answer);
 *   }
 * }
 *
 * <p>Hosts: {@code N}, or the IPv4 address 0.0.(N / 256).(N % 256), is domain N; localhost is the process's own domain; any other
 * is an {@link java.net.UnknownHostException}. Ports are those of V4V, of which {@code java.net} sees the low 16 bits: {@link
 * #v4vRemoteAddress} and {@link #v4vLocalAddress} are exact. Ports of connecting sockets are V4V's to choose.
 *
 * <p>It behaves as a TCP socket does, except:
 * <ul>
 *   <li>a peer that dies without a close is a {@link SocketException} once its bytes are read, where a TCP socket on the same host mostly
 *       says end of stream, as if the peer had closed; it is noticed within a second;
 *   <li>what a peer wrote before its close is always read, also if it left something unread, where TCP resets;
 *   <li>with SO_LINGER 0 the peer still reads what was written before the reset;
 *   <li>a write to a peer that has closed fails at once, where TCP fails from the second on;
 *   <li>there is no urgent data ({@link #sendUrgentData} fails), and some options are remembered without effect: TCP_NODELAY
 *       (V4V never delays), SO_KEEPALIVE (it always notices), SO_REUSEADDR, IP_TOS, SO_OOBINLINE, SO_SNDBUF (the peer chooses its
 *       ring). SO_RCVBUF before the connect is the length of the ring;
 *   <li>a wait holds its thread, also a virtual one's carrier, and an interrupt ends none;
 *   <li>{@link #getChannel} is null, as for all sockets that no channel made: {@link #byteChannel} is a channel.
 * </ul>
 */
public final class V4vSocket extends Socket {
    private final ConnectionEnd end;

    /** An unconnected socket of the process's own domain. */
    public V4vSocket() throws SocketException {
        this(Home.PROCESS, DomainNames.OWN);
    }

    /** An unconnected socket of a domain. */
    public V4vSocket(V4vHypervisor hypervisor) throws SocketException {
        this(new Home(hypervisor), DomainNames.OWN);
    }

    V4vSocket(Home home, int fixedDomain) throws SocketException {
        this(new ConnectionEnd(home, fixedDomain));
    }

    private V4vSocket(ConnectionEnd end) throws SocketException {
        super(end);
        this.end = end;
    }

    /**
     * Connects.
     *
     * @param endpoint a {@link V4vAddress}, or an {@link InetSocketAddress} whose host is a domain
     * @throws java.net.ConnectException if nobody listens there, or the listener refused
     * @throws java.net.SocketTimeoutException if nobody answered in time; with a timeout of 0, in two minutes
     */
    @Override
    public void connect(SocketAddress endpoint, int timeoutMillis) throws IOException {
        super.connect(endpoint instanceof V4vAddress v4v ? new V4vSocketAddress(v4v) : endpoint, timeoutMillis);
    }

    @Override
    public void connect(SocketAddress endpoint) throws IOException {
        connect(endpoint, 0);
    }

    /** The peer; exact. Null before the connect. */
    public @Nullable V4vAddress v4vRemoteAddress() {
        return end.peer();
    }

    /** This end: a connector's own ring, or the listener of an accepted socket; exact. Null before the connect. */
    public @Nullable V4vAddress v4vLocalAddress() {
        return end.local();
    }

    @Override
    public @Nullable SocketAddress getRemoteSocketAddress() {
        V4vAddress peer = end.peer();
        return isConnected() && peer != null ? new V4vSocketAddress(peer) : null;
    }

    @Override
    public @Nullable SocketAddress getLocalSocketAddress() {
        V4vAddress local = end.local();
        return local == null ? super.getLocalSocketAddress() : new V4vSocketAddress(local);
    }

    /**
     * This connection as a blocking channel. Both may be used; closing one closes the other.
     *
     * @throws SocketException if the socket is not connected
     */
    public V4vByteChannel byteChannel() throws SocketException {
        return new V4vByteChannel(this, end.stream());
    }
}
