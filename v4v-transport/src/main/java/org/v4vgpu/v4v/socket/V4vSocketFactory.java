package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.rmi.server.RMIClientSocketFactory;
import java.util.Objects;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * Makes {@link V4vSocket}s for libraries that take a socket factory. Immutable, safe for any thread.
 *
 * <p>It can be serialized, as RMI wants it: a remote object's stub carries it to the clients, which then connect from domains of
 * their own. Made with {@link #toDomain}, it leads all connections to that domain, whatever host they name; so a stub finds home though
 * RMI writes a host of TCP into it.
 *
 * {@snippet :
 *   UnicastRemoteObject.exportObject(service, 0, V4vSocketFactory.toDomain(1), new V4vServerSocketFactory(1));
 * }
 */
public final class V4vSocketFactory extends SocketFactory implements RMIClientSocketFactory, Serializable {
    private static final long serialVersionUID = 1L;

    /** Where all connections lead, or {@link DomainNames#OWN} for where their hosts say. */
    private final int domain;

    private final transient @Nullable V4vHypervisor hypervisor;

    /** Connects from the process's own domain to the domain that is named as host. */
    public V4vSocketFactory() {
        this(DomainNames.OWN, null);
    }

    /** Connects from a given domain. Serialized, it forgets that. */
    public V4vSocketFactory(V4vHypervisor hypervisor) {
        this(DomainNames.OWN, hypervisor);
    }

    private V4vSocketFactory(int domain, @Nullable V4vHypervisor hypervisor) {
        this.domain = domain;
        this.hypervisor = hypervisor;
    }

    /** Connects to one domain only; of the host and port it is given, only the port counts. */
    public static V4vSocketFactory toDomain(int domain) {
        return new V4vSocketFactory(new V4vAddress(domain, 0).domain(), null);
    }

    @Override
    public Socket createSocket() throws SocketException {
        return new V4vSocket(hypervisor == null ? Home.PROCESS : new Home(hypervisor), domain);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return createSocket(host, port, null, 0);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port), null);
    }

    /** @param localHost null or the process's own domain, with a port of 0: V4V chooses a connecting socket's port */
    @Override
    public Socket createSocket(String host, int port, @Nullable InetAddress localHost, int localPort)
            throws IOException {
        // With a domain of our own the host may be one of TCP, which is not looked up.
        String name = domain == DomainNames.OWN ? host : Integer.toString(domain);
        return connected(
                InetSocketAddress.createUnresolved(name, port),
                localHost == null && localPort == 0 ? null : new InetSocketAddress(localHost, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) throws IOException {
        return connected(new InetSocketAddress(host, port), new InetSocketAddress(localHost, localPort));
    }

    private Socket connected(InetSocketAddress address, @Nullable InetSocketAddress local) throws IOException {
        Socket socket = createSocket();
        try {
            if (local != null) {
                socket.bind(local);
            }
            socket.connect(address);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof V4vSocketFactory that
                && domain == that.domain
                && Objects.equals(hypervisor, that.hypervisor);
    }

    @Override
    public int hashCode() {
        return domain;
    }

    @Override
    public String toString() {
        return "V4vSocketFactory" + (domain == DomainNames.OWN ? "" : " to domain " + domain);
    }
}
