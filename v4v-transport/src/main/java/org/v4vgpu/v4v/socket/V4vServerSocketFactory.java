package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.rmi.server.RMIServerSocketFactory;
import java.util.Objects;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/** Makes {@link V4vServerSocket}s for libraries that take a factory of them, RMI included. Immutable, safe for any thread. */
public final class V4vServerSocketFactory extends ServerSocketFactory implements RMIServerSocketFactory {
    private final int domain;
    private final @Nullable V4vHypervisor hypervisor;

    /** Listens in the process's own domain. */
    public V4vServerSocketFactory() {
        this(DomainNames.OWN, null);
    }

    /** Listens in a domain, which the process becomes, unless a bind names another. */
    public V4vServerSocketFactory(int domain) {
        this(new V4vAddress(domain, 0).domain(), null);
    }

    /** Listens in a given domain. */
    public V4vServerSocketFactory(V4vHypervisor hypervisor) {
        this(hypervisor.domain(), hypervisor);
    }

    private V4vServerSocketFactory(int domain, @Nullable V4vHypervisor hypervisor) {
        this.domain = domain;
        this.hypervisor = hypervisor;
    }

    @Override
    public ServerSocket createServerSocket() throws IOException {
        return new V4vServerSocket(hypervisor == null ? Home.PROCESS : new Home(hypervisor), domain);
    }

    @Override
    public ServerSocket createServerSocket(int port) throws IOException {
        return createServerSocket(port, 0, null);
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog) throws IOException {
        return createServerSocket(port, backlog, null);
    }

    @Override
    public ServerSocket createServerSocket(int port, int backlog, @Nullable InetAddress host) throws IOException {
        ServerSocket socket = createServerSocket();
        try {
            socket.bind(new InetSocketAddress(host, port), backlog);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof V4vServerSocketFactory that
                && domain == that.domain
                && Objects.equals(hypervisor, that.hypervisor);
    }

    @Override
    public int hashCode() {
        return domain;
    }

    @Override
    public String toString() {
        return "V4vServerSocketFactory" + (domain == DomainNames.OWN ? "" : " of domain " + domain);
    }
}
