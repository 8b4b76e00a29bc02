package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * A {@link ServerSocket} that listens on V4V. Safe for any thread.
 *
 * {@snippet :
 *   try (ServerSocket listener = new V4vServerSocket()) {
 *       listener.bind(new V4vAddress(1, 8080));
 *       try (Socket socket = listener.accept()) {
 *           socket.getOutputStream().write(greeting);
 *       }
 *   }
 * }
 *
 * <p>Binding to the wildcard address listens in the process's own domain, binding to a domain becomes that domain; hosts are those of
 * {@link V4vSocket}. Port 0 becomes a free one from 49152 on. As many connections as the backlog says are whole
 * before they are accepted. The receive buffer's size, set before the bind, is the length of accepted sockets' rings. Closing it
 * closes the connections that nobody accepted.
 */
public final class V4vServerSocket extends ServerSocket {
    private final ListenerEnd end;

    /** An unbound socket of the process's own domain, or of whichever it is bound to. */
    public V4vServerSocket() throws IOException {
        this(Home.PROCESS, DomainNames.OWN);
    }

    /** An unbound socket of a domain. */
    public V4vServerSocket(V4vHypervisor hypervisor) throws IOException {
        this(new Home(hypervisor), DomainNames.OWN);
    }

    V4vServerSocket(Home home, int defaultDomain) {
        this(new ListenerEnd(home, defaultDomain));
    }

    private V4vServerSocket(ListenerEnd end) {
        super(end);
        this.end = end;
    }

    /**
     * Binds and listens.
     *
     * @param endpoint a {@link V4vAddress}, an {@link java.net.InetSocketAddress} whose host is a domain, or null for any port
     * @param backlog how many may be connected before they are accepted; 50 if it is not positive
     * @throws java.net.BindException if the port is taken, or the domain another process's
     */
    @Override
    public void bind(@Nullable SocketAddress endpoint, int backlog) throws IOException {
        SocketAddress inet = endpoint instanceof V4vAddress v4v ? new V4vSocketAddress(v4v) : endpoint;
        end.bindExactly(inet instanceof V4vSocketAddress socket ? socket.v4vAddress() : null);
        super.bind(inet, backlog);
    }

    @Override
    public void bind(@Nullable SocketAddress endpoint) throws IOException {
        bind(endpoint, 0);
    }

    @Override
    public Socket accept() throws IOException {
        if (isClosed()) {
            throw new SocketException("Socket is closed");
        }
        if (!isBound()) {
            throw new SocketException("Socket is not bound yet");
        }
        V4vSocket socket = new V4vSocket(end.home(), DomainNames.OWN);
        implAccept(socket);
        return socket;
    }

    /** Where it listens; exact. Null before the bind. */
    public @Nullable V4vAddress v4vAddress() {
        return end.local();
    }

    @Override
    public @Nullable SocketAddress getLocalSocketAddress() {
        V4vAddress local = end.local();
        return local == null ? null : new V4vSocketAddress(local);
    }
}
