package org.v4vgpu.v4v;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;
import org.v4vgpu.v4v.xen.ArgoHypervisor;

/**
 * The domains that this process is, opened when they are first needed. Safe for any thread.
 *
 * <p>To listen at an address the process must be that address's domain: it becomes it, or fails if another process is. To
 * connect it uses a domain that it is already, or else the one that {@value #DOMAIN_VARIABLE} names, or else a free one. So a
 * server is one domain, a client is one domain, and a process that listens at two domains is both.
 *
 * <p>The domains are those of a region that machines share, where {@value IvshmemHypervisor#PROPERTY} or {@value
 * IvshmemHypervisor#VARIABLE} names one; else, unless a fabric is named, Xen's, where it can be used ({@link
 * ArgoHypervisor#isAvailable}): then this process is the domain that it runs in; else those of a fabric on this host ({@link
 * Fabric#ofEnvironment()}). {@code v4vgpu.hypervisor} or {@code V4VGPU_HYPERVISOR} says {@code xen}, {@code shm} or {@code
 * ivshmem} to have it so.
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
        Optional<Path> region = IvshmemHypervisor.regionOfEnvironment();
        String named = System.getProperty(HypervisorChoice.PROPERTY, System.getenv(HypervisorChoice.VARIABLE));
        V4vHypervisor hypervisor =
                switch (HypervisorChoice.of(named, region.isPresent(), Fabric.isNamed(), ArgoHypervisor::isAvailable)) {
                    case IVSHMEM -> IvshmemHypervisor.open(region.orElseThrow(), domain);
                    case XEN -> openOnXen(domain);
                    case SHM -> SharedMemoryHypervisor.open(Fabric.ofEnvironment(), domain);
                };
        OPEN.put(hypervisor.domain(), hypervisor);
        return hypervisor;
    }

    /** Xen says which domain this is. */
    private static V4vHypervisor openOnXen(int domain) throws IOException {
        ArgoHypervisor hypervisor = ArgoHypervisor.open();
        if (domain == V4vAddress.DOMAIN_ANY || domain == hypervisor.domain()) {
            return hypervisor;
        }
        hypervisor.close();
        throw new IOException("this is domain " + hypervisor.domain() + " of Xen, not " + domain + "; use v4v://"
                + hypervisor.domain() + ":<port>, or -D" + HypervisorChoice.PROPERTY + "=shm");
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
