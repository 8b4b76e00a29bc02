package org.v4vgpu.v4v.ivshmem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedReceiveRing;

/**
 * The rings that this domain has registered. Safe for any thread.
 *
 * <p>A ring that was closed keeps its chunks and its place in the table until its writer has left or is dead, for the writer
 * may be in the middle of a record.
 */
final class OwnRings {
    private final Region region;
    private final Heartbeats heartbeats;
    private final RingSpace space;
    private final int domain;
    private final long tag;

    // Guarded by this.
    private final Map<Key, Ring> rings = new HashMap<>();
    private final List<RingEntry> retired = new ArrayList<>();
    private final boolean[] places = new boolean[RegionDescriptor.RINGS];
    private long generation;

    private record Key(long port, int partner) {}

    private record Ring(SharedReceiveRing ring, RingEntry entry, long partnerTag) {}

    OwnRings(Region region, Heartbeats heartbeats, RingSpace space, RegionClaim claim) {
        this.region = region;
        this.heartbeats = heartbeats;
        this.space = space;
        this.domain = claim.domain();
        this.tag = claim.tag();
        this.generation = tag;
    }

    /**
     * Registers a ring. The caller holds the region.
     *
     * @param partnerTag the life of the partner, or 0 for a ring for any
     */
    SharedReceiveRing register(long port, int partner, long partnerTag, int lengthBytes) throws ArgoException {
        Key key = new Key(port, partner);
        requireRoom(key);
        int count = RegionDescriptor.chunksOf(RingDescriptor.mappedBytes(lengthBytes));
        int chunk = space.allocate(count, 0, tag); // may wait, so no lock is held
        if (chunk < 0) {
            throw new ArgoException(ArgoError.ENOMEM, region + " has no space for a ring of " + lengthBytes + " bytes");
        }
        synchronized (this) {
            int place = -1;
            try {
                place = requireRoom(key);
            } finally {
                if (place < 0) {
                    space.free(chunk, count, tag);
                }
            }
            RingEntry entry = new RingEntry(domain, place, nextGeneration(), partner, chunk, lengthBytes);
            SharedReceiveRing ring = map(key, entry);
            places[place] = true;
            rings.put(key, new Ring(ring, entry, partnerTag));
            RegionDescriptor.ring(
                    region.memory(), domain, place, entry.generation(), partnerTag, port, partner, chunk, lengthBytes);
            return ring;
        }
    }

    /** A free place in the table. */
    private synchronized int requireRoom(Key key) throws ArgoException {
        if (rings.size() >= V4vHypervisor.RINGS_PER_DOMAIN) {
            throw new ArgoException(
                    ArgoError.ENOSPC, "domain " + domain + " has " + V4vHypervisor.RINGS_PER_DOMAIN + " rings already");
        }
        if (rings.containsKey(key)) {
            throw new ArgoException(
                    ArgoError.EEXIST,
                    new V4vAddress(domain, key.port) + " is registered already"
                            + (key.partner == V4vAddress.DOMAIN_ANY ? "" : " for " + key.partner));
        }
        for (int place = 0; place < places.length; place++) {
            if (!places[place]) {
                return place;
            }
        }
        throw new ArgoException(
                ArgoError.ENOSPC, "domain " + domain + " has closed too many rings whose writers have not left");
    }

    private long nextGeneration() {
        generation++;
        if (generation == 0) {
            generation++;
        }
        return generation;
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private SharedReceiveRing map(Key key, RingEntry entry) {
        long bytes = RingDescriptor.mappedBytes(entry.lengthBytes());
        Arena arena = Arena.ofShared();
        MemorySegment view = region.view(entry.chunk(), bytes, arena, () -> retire(entry));
        view.asSlice(0, RingDescriptor.mappedBytes(0)).fill((byte) 0);
        RingDescriptor.initialize(view, entry.lengthBytes(), key.port, key.partner);
        return new SharedReceiveRing(
                new RingMemory(arena, view, true),
                new V4vAddress(domain, key.port),
                key.partner,
                entry.lengthBytes(),
                closing -> unregister(key, closing));
    }

    private synchronized void unregister(Key key, SharedReceiveRing ring) {
        Ring own = rings.get(key);
        if (own != null && own.ring.equals(ring)) { // else its partner died before
            forget(own.entry);
            rings.remove(key);
        }
    }

    /** Nobody finds the ring from now on. */
    private void forget(RingEntry entry) {
        RegionDescriptor.generationVolatile(region.memory(), domain, entry.place(), 0); // SYNC: ring-writer
    }

    /** A ring's memory is no longer used here. */
    private synchronized void retire(RingEntry entry) {
        if (!tryFree(entry)) {
            retired.add(entry);
        }
    }

    private boolean tryFree(RingEntry entry) {
        if (heartbeats.isLiving(entry.writer(region))) {
            return false;
        }
        space.free(entry.chunk(), RegionDescriptor.chunksOf(RingDescriptor.mappedBytes(entry.lengthBytes())), tag);
        places[entry.place()] = false;
        return true;
    }

    /** Looks who has died or left. */
    void notice() {
        List<SharedReceiveRing> dead = new ArrayList<>();
        synchronized (this) {
            retired.removeIf(this::tryFree);
            for (Iterator<Ring> each = rings.values().iterator(); each.hasNext(); ) {
                Ring own = each.next();
                if (own.partnerTag != 0 && !heartbeats.isLiving(own.partnerTag)) {
                    forget(own.entry);
                    each.remove();
                    dead.add(own.ring);
                }
            }
        }
        dead.forEach(SharedReceiveRing::partnerGone);
    }

    void close() {
        List<Ring> all;
        synchronized (this) {
            all = List.copyOf(rings.values());
        }
        all.forEach(own -> own.ring.close());
    }
}
