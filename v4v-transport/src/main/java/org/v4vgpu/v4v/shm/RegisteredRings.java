package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;

/** The rings that this domain registered. Safe for any thread; guarded by the {@link FabricDomain}'s lock. */
final class RegisteredRings {
    private record Key(long port, int partner) {}

    private final FabricDomain domain;
    private final Map<Key, OwnRing> rings = new HashMap<>();

    /** Questions of rings that have gone, to be answered by the control loop. */
    private final List<WaitingList.Question> orphans = new ArrayList<>();

    RegisteredRings(FabricDomain domain) {
        this.domain = domain;
    }

    /**
     * Registers a ring.
     *
     * @param peer the one partner, or null for any
     * @throws ArgoException ENODEV, ESRCH, ENOSPC, EEXIST, ENOMEM
     */
    SharedReceiveRing register(long port, @Nullable Peer peer, int lengthBytes) throws ArgoException {
        V4vAddress address = new V4vAddress(domain.id(), port);
        Key key = new Key(port, peer == null ? V4vAddress.DOMAIN_ANY : peer.domain);
        synchronized (domain) {
            domain.ensureOpen();
            if (peer != null && peer.gone) {
                throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
            }
            if (rings.size() >= V4vHypervisor.RINGS_PER_DOMAIN) {
                throw new ArgoException(
                        ArgoError.ENOSPC,
                        "domain " + domain.id() + " has " + V4vHypervisor.RINGS_PER_DOMAIN + " rings already");
            }
            if (rings.containsKey(key)) {
                throw new ArgoException(
                        ArgoError.EEXIST,
                        address + " is registered already" + (peer == null ? "" : " for " + peer.domain));
            }
            OwnRing ring = peer == null ? sharedRing(key, address, lengthBytes) : ring(key, address, lengthBytes, peer);
            rings.put(key, ring);
            return ring.ring();
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private OwnRing ring(Key key, V4vAddress address, int lengthBytes, Peer peer) throws ArgoException {
        long bytes = RingDescriptor.mappedBytes(lengthBytes);
        int fd = -1;
        Arena arena = Arena.ofShared();
        try {
            fd = Linux.sealedMemory("v4v-ring-" + key.port(), bytes);
            MemorySegment mapped = Linux.map(fd, bytes, arena);
            RingDescriptor.initialize(mapped, lengthBytes, key.port(), key.partner());
            return new OwnRing(
                    receiver(key, new RingMemory(arena, mapped), address, lengthBytes),
                    fd,
                    null,
                    peer,
                    new WaitingList());
        } catch (IOException e) {
            arena.close();
            if (fd >= 0) {
                Linux.close(fd);
            }
            throw new ArgoException(
                    ArgoError.ENOMEM, "no memory for a ring of " + lengthBytes + " bytes: " + e.getMessage());
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private OwnRing sharedRing(Key key, V4vAddress address, int lengthBytes) {
        Arena arena = Arena.ofShared();
        MemorySegment memory = arena.allocate(RingDescriptor.mappedBytes(lengthBytes), 4096);
        RingDescriptor.initialize(memory, lengthBytes, key.port(), key.partner());
        RingMemory shared = new RingMemory(arena, memory);
        SharedReceiveRing ring = receiver(key, shared, address, lengthBytes);
        try {
            if (!shared.hold()) {
                throw new AssertionError("fresh memory is held");
            }
            SharedSendRing writer = new SharedSendRing(shared, address, address, lengthBytes, _ -> {});
            return new OwnRing(ring, -1, writer, null, new WaitingList());
        } catch (RingCorruptedException e) {
            throw new AssertionError("a fresh ring is whole", e);
        }
    }

    private SharedReceiveRing receiver(Key key, RingMemory memory, V4vAddress address, int lengthBytes) {
        return new SharedReceiveRing(
                memory, address, key.partner(), lengthBytes, closing -> unregister(key, closing), domain::wakeLoop);
    }

    private void unregister(Key key, SharedReceiveRing ring) {
        OwnRing own;
        synchronized (domain) {
            own = rings.get(key);
            if (own == null || !own.ring().equals(ring)) {
                return; // its partner died before
            }
            rings.remove(key);
            if (own.fd() >= 0) {
                Linux.close(own.fd());
            }
            orphans.addAll(own.waiting().takeAll());
            if (!orphans.isEmpty()) {
                domain.wakeLoop();
            }
        }
        if (own.writer() != null) {
            own.writer().close();
        }
    }

    /** The ring that a domain may write, exact matches first. Its descriptor stays open while the caller holds the lock. */
    @Nullable
    OwnRing ringFor(Peer peer, long port) {
        synchronized (domain) {
            OwnRing exact = rings.get(new Key(port, peer.domain));
            return exact != null ? exact : sharedRing(port);
        }
    }

    /** The ring for any partner. */
    @Nullable
    OwnRing sharedRing(long port) {
        synchronized (domain) {
            return rings.get(new Key(port, V4vAddress.DOMAIN_ANY));
        }
    }

    List<OwnRing> all() {
        synchronized (domain) {
            return List.copyOf(rings.values());
        }
    }

    /** Takes out the rings for a partner that is gone, and the partner out of all waiting lists. */
    List<SharedReceiveRing> removeFor(Peer peer) {
        List<SharedReceiveRing> dead = new ArrayList<>();
        synchronized (domain) {
            for (Iterator<OwnRing> each = rings.values().iterator(); each.hasNext(); ) {
                OwnRing ring = each.next();
                ring.waiting().remove(peer);
                if (peer.equals(ring.peer())) {
                    dead.add(ring.ring());
                    Linux.close(ring.fd());
                    each.remove();
                }
            }
        }
        return dead;
    }

    /** Forgets what was asked over a link that is gone. */
    void forget(ServedLink link) {
        synchronized (domain) {
            rings.values().forEach(ring -> ring.waiting().remove(link));
            orphans.removeIf(question -> question.link().equals(link));
        }
    }

    /** Who has waited for space that is there now, or for a ring that is gone: Argo's rescan. */
    List<WaitingList.Question> answerable() {
        synchronized (domain) {
            List<WaitingList.Question> answerable = new ArrayList<>(orphans);
            orphans.clear();
            for (OwnRing ring : rings.values()) {
                if (!ring.waiting().isEmpty()) {
                    answerable.addAll(ring.waiting().take(ring.ring().freeMessageBytes()));
                    ring.ring().watch(!ring.waiting().isEmpty());
                }
            }
            return answerable;
        }
    }
}
