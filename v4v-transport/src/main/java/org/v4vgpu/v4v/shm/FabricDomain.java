package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * This process's life as one domain of a fabric: its claim, its socket, the thread that serves it, its rings, and whom it knows. Safe
 * for any thread; its monitor is the lock of all its tables.
 *
 * <p>Order of locks: none is held while another domain is asked for something.
 */
final class FabricDomain implements AutoCloseable {
    private static final Logger LOG = System.getLogger(FabricDomain.class.getName());
    private static final int BACKLOG = 128;
    private static final long JOIN_MILLIS = 5_000;

    private final Fabric fabric;
    private final FabricConfiguration configuration;
    private final DomainClaim claim;
    private final long incarnation = new SecureRandom().nextLong();
    private final int wakeup;
    private final ControlLoop loop;
    private final Thread thread;
    private final RegisteredRings rings = new RegisteredRings(this);
    private final Peers peers = new Peers(this);
    private final PartnerRings partnerRings = new PartnerRings(this);
    private final OfferedWindows windows = new OfferedWindows(this);

    // Guarded by this.
    private boolean closed;

    /** Becomes a domain, or a free one for {@link V4vAddress#DOMAIN_ANY}. */
    static FabricDomain open(Fabric fabric, int id) throws IOException {
        DomainClaim.sweep(fabric);
        DomainClaim claim = id == V4vAddress.DOMAIN_ANY ? DomainClaim.ofFreeDomain(fabric) : DomainClaim.of(fabric, id);
        int listening = -1;
        int wakeup = -1;
        try {
            FabricConfiguration configuration = FabricConfiguration.of(fabric, claim.domain());
            Files.deleteIfExists(fabric.socket(claim.domain())); // what a crash has left
            listening = Linux.seqpacketSocket();
            Linux.bindAndListen(listening, fabric.socket(claim.domain()), BACKLOG);
            wakeup = Linux.eventfd();
            FabricDomain domain = new FabricDomain(fabric, configuration, claim, listening, wakeup);
            domain.thread.start();
            return domain;
        } catch (IOException e) {
            if (listening >= 0) {
                Linux.close(listening);
            }
            if (wakeup >= 0) {
                Linux.close(wakeup);
            }
            claim.close();
            throw e;
        }
    }

    private FabricDomain(
            Fabric fabric, FabricConfiguration configuration, DomainClaim claim, int listening, int wakeup) {
        this.fabric = fabric;
        this.configuration = configuration;
        this.claim = claim;
        this.wakeup = wakeup;
        this.loop = new ControlLoop(this, new ControlServer(this), listening, wakeup);
        this.thread = Thread.ofPlatform()
                .daemon()
                .name("v4v-domain-" + claim.domain())
                .unstarted(loop);
    }

    int id() {
        return claim.domain();
    }

    Fabric fabric() {
        return fabric;
    }

    FabricConfiguration configuration() {
        return configuration;
    }

    /** Tells this life of the domain from others. */
    long incarnation() {
        return incarnation;
    }

    RegisteredRings rings() {
        return rings;
    }

    Peers peers() {
        return peers;
    }

    PartnerRings partnerRings() {
        return partnerRings;
    }

    OfferedWindows windows() {
        return windows;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized void ensureOpen() throws ArgoException {
        if (closed) {
            throw new ArgoException(ArgoError.ENODEV, "domain " + id() + " has left " + fabric);
        }
    }

    /** Whether the fabric still knows this domain: its directory, with the domain's lock in it, is where it was. */
    boolean isInFabric() {
        return claim.isInPlace();
    }

    /** Makes the control loop look around. */
    synchronized void wakeLoop() {
        if (!closed) {
            loop.wake();
        }
    }

    /** A domain has died: its rings and ours for it go, and whoever waits for it is woken. */
    void peerGone(Peer peer) {
        List<SharedReceiveRing> dead;
        List<SharedSendRing> unread;
        List<ControlLink> links;
        List<ControlLink> asides;
        synchronized (this) {
            if (peer.gone) {
                return;
            }
            peer.gone = true;
            peers.remove(peer);
            dead = rings.removeFor(peer);
            windows.removeFor(peer);
            unread = List.copyOf(peer.attached);
            links = List.copyOf(peer.links);
            asides = List.copyOf(peer.asides);
            peer.links.clear();
        }
        links.forEach(ControlLink::close);
        asides.forEach(ControlLink::close);
        dead.forEach(SharedReceiveRing::partnerGone);
        unread.forEach(SharedSendRing::partnerGone);
    }

    /** Leaves. Without its control loop a domain is deaf: when that ends, the domain must not go on as if nothing were. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        loop.close();
        if (!Thread.currentThread().equals(thread)) {
            join();
        }
        rings.all().forEach(ring -> ring.ring().close());
        peers.all().forEach(this::peerGone);
        Linux.close(wakeup);
        try {
            if (claim.isInPlace()) { // else the name may be another domain's in another directory
                Files.deleteIfExists(fabric.socket(id()));
            }
            claim.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "domain {0} left something behind in {1}: {2}", id(), fabric, e.getMessage());
        }
    }

    private void join() {
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
