package org.v4vgpu.v4v;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/**
 * The domains that this process is, opened when they are first needed. Safe for any thread.
 *
 * <p>To listen at an address the process must be that address's domain: it becomes it, or fails if another process is. To
 * connect it uses a domain that it is already, or else the one that {@value #DOMAIN_VARIABLE} names, or else a free one. So a
 * server is one domain, a client is one domain, and a process that listens at two domains is both.
 */
public final class LocalDomains {
    /** Environment variable: this process's own domain id. */
    public static final String DOMAIN_VARIABLE = "V4VGPU_DOMAIN";

    private static final Map<Integer, V4vHypervisor> OPEN = new LinkedHashMap<>();

    private LocalDomains() {}

    /** The domain to connect from. */
    public static synchronized V4vHypervisor toConnect() throws IOException {
        dropLeft();
        return OPEN.isEmpty() ? open(ownDomain()) : OPEN.values().iterator().next();
    }

    /** The domain to listen at. */
    public static synchronized V4vHypervisor toListen(int domain) throws IOException {
        dropLeft();
        V4vHypervisor known = OPEN.get(domain);
        return known == null ? open(domain) : known;
    }

    /** Makes a hypervisor, of any kind, one of the process's domains. It is closed with the others. */
    public static synchronized void takeOwnership(V4vHypervisor hypervisor) {
        if (OPEN.putIfAbsent(hypervisor.domain(), hypervisor) != null) {
            throw new IllegalStateException("this process is domain " + hypervisor.domain() + " already");
        }
    }

    /** Leaves all domains; their channels end. Later calls open them anew. */
    public static void closeAll() {
        List<V4vHypervisor> all;
        synchronized (LocalDomains.class) {
            all = List.copyOf(OPEN.values());
            OPEN.clear();
        }
        all.forEach(V4vHypervisor::close);
    }

    /** A domain whose fabric was removed has left of its own. */
    private static void dropLeft() {
        OPEN.values().removeIf(hypervisor -> !hypervisor.isOpen());
    }

    private static V4vHypervisor open(int domain) throws IOException {
        V4vHypervisor hypervisor = SharedMemoryHypervisor.open(Fabric.ofEnvironment(), domain);
        OPEN.put(hypervisor.domain(), hypervisor);
        return hypervisor;
    }

    private static int ownDomain() throws IOException {
        String text = System.getenv(DOMAIN_VARIABLE);
        if (text == null || text.isEmpty()) {
            return V4vAddress.DOMAIN_ANY;
        }
        try {
            int domain = Integer.parseInt(text);
            if (domain >= 0 && domain < V4vAddress.DOMAIN_ANY) {
                return domain;
            }
        } catch (NumberFormatException e) {
            throw new IOException(DOMAIN_VARIABLE + " is no domain id: '" + text + "'", e);
        }
        throw new IOException(DOMAIN_VARIABLE + " is no domain id: " + text);
    }
}
