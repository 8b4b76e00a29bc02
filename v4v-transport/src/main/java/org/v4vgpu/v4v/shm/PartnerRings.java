package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * The rings of other domains that this one writes: those that somebody attached, and those that single messages went into. Safe for
 * any thread; guarded by the {@link FabricDomain}'s lock.
 */
final class PartnerRings {
    private final FabricDomain domain;
    private final Map<V4vAddress, SharedSendRing> attached = new HashMap<>();
    private final Map<V4vAddress, SharedSendRing> messaged = new HashMap<>();

    /** What another domain said of a port: memory to map, which is the holder's to close, or a ring for any partner. */
    private record Resolved(int fd, int lengthBytes) {
        boolean isShared() {
            return fd < 0;
        }
    }

    PartnerRings(FabricDomain domain) {
        this.domain = domain;
    }

    /**
     * Attaches for somebody who will be the one writer. A ring that single messages went into is detached first, so that its
     * receiver sees for a moment that nobody writes it.
     */
    SharedSendRing attach(long sourcePort, V4vAddress destination, long patienceNanos) throws ArgoException {
        synchronized (domain) {
            if (attached.containsKey(destination)) {
                throw busy(destination);
            }
        }
        Peer peer = domain.peers().of(destination.domain(), patienceNanos);
        Resolved resolved = resolve(peer, destination, patienceNanos);
        if (resolved.isShared()) {
            throw refused(destination);
        }
        closeMessaged(destination);
        return open(peer, sourcePort, destination, resolved, attached);
    }

    private void closeMessaged(V4vAddress destination) {
        SharedSendRing idle;
        synchronized (domain) {
            idle = messaged.get(destination);
        }
        if (idle != null) {
            synchronized (idle) { // a message that is being written is written to its end
                idle.close();
            }
        }
    }

    /** The ring to write a single message into, under its monitor; null if it is one for any partner. */
    @Nullable
    SharedSendRing forMessage(Peer peer, long sourcePort, V4vAddress destination, long patienceNanos)
            throws ArgoException {
        SharedSendRing known = known(destination);
        if (known != null && known.isPartnerAlive()) {
            return known;
        }
        if (known != null) {
            known.close();
        }
        Resolved resolved = resolve(peer, destination, patienceNanos);
        if (resolved.isShared()) {
            return null;
        }
        try {
            return open(peer, sourcePort, destination, resolved, messaged);
        } catch (ArgoException e) {
            SharedSendRing others = e.error() == ArgoError.EBUSY ? known(destination) : null;
            if (others == null) {
                throw e;
            }
            return others; // another thread was faster
        }
    }

    private @Nullable SharedSendRing known(V4vAddress destination) throws ArgoException {
        synchronized (domain) {
            if (attached.containsKey(destination)) {
                throw busy(destination);
            }
            return messaged.get(destination);
        }
    }

    private ArgoException busy(V4vAddress destination) {
        return new ArgoException(ArgoError.EBUSY, "domain " + domain.id() + " writes " + destination + " already");
    }

    private ArgoException refused(V4vAddress destination) {
        return new ArgoException(
                ArgoError.ECONNREFUSED,
                "nobody registered " + destination + " for domain " + domain.id() + " in " + domain.fabric());
    }

    private Resolved resolve(Peer peer, V4vAddress destination, long patienceNanos) throws ArgoException {
        ControlLink.Reply reply = domain.peers()
                .ask(peer, ControlLink.Request.of(ControlDescriptor.RESOLVE, destination.port(), 0, 0), patienceNanos);
        if (reply.status() != 0) {
            if (reply.fd() >= 0) {
                Linux.close(reply.fd());
            }
            throw reply.status() == ArgoError.ECONNREFUSED.errno()
                    ? refused(destination)
                    : new ArgoException(ArgoError.of(reply.status()), destination + " for domain " + domain.id());
        }
        if (reply.fd() >= 0
                && (reply.number() < V4vHypervisor.MINIMUM_RING_BYTES
                        || reply.number() > V4vHypervisor.MAXIMUM_RING_BYTES
                        || reply.number() % V4vHypervisor.SLOT_BYTES != 0)) {
            Linux.close(reply.fd());
            throw new ArgoException(ArgoError.EFAULT, destination + " has a ring of " + reply.number() + " bytes");
        }
        return new Resolved(reply.fd(), reply.number());
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private SharedSendRing open(
            Peer peer,
            long sourcePort,
            V4vAddress destination,
            Resolved resolved,
            Map<V4vAddress, SharedSendRing> table)
            throws ArgoException {
        Arena arena = Arena.ofShared();
        try {
            long bytes = RingDescriptor.mappedBytes(resolved.lengthBytes());
            if (!Linux.isSealed(resolved.fd(), bytes)) {
                throw new RingCorruptedException("the ring at " + destination + " is not sealed memory");
            }
            MemorySegment mapped = Linux.map(resolved.fd(), bytes, arena);
            if (!RingDescriptor.isRing(mapped, resolved.lengthBytes())) {
                throw new RingCorruptedException("what is at " + destination + " is no ring");
            }
            synchronized (domain) {
                domain.ensureOpen();
                if (peer.gone) {
                    throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
                }
                if (attached.containsKey(destination) || messaged.containsKey(destination)) {
                    throw busy(destination);
                }
                SharedSendRing ring = new SharedSendRing(
                        new RingMemory(arena, mapped),
                        destination,
                        new V4vAddress(domain.id(), sourcePort),
                        resolved.lengthBytes(),
                        sender -> detach(peer, destination, sender, table));
                table.put(destination, ring);
                peer.attached.add(ring);
                return ring;
            }
        } catch (ArgoException e) {
            arena.close();
            throw e;
        } catch (IOException e) {
            arena.close();
            throw new ArgoException(
                    ArgoError.EFAULT, "the ring at " + destination + " can't be used: " + e.getMessage());
        } finally {
            Linux.close(resolved.fd());
        }
    }

    private void detach(Peer peer, V4vAddress destination, SharedSendRing ring, Map<V4vAddress, SharedSendRing> table) {
        synchronized (domain) {
            peer.attached.remove(ring);
            table.remove(destination, ring);
        }
    }
}
