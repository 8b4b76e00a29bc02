package org.v4vgpu.v4v.ivshmem;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.RingDescriptor;

/**
 * What the table says of somebody's ring: a private copy, checked to lie within the region. Immutable.
 *
 * @param place in its domain's table
 * @param chunk where the ring begins
 */
record RingEntry(int domain, int place, long generation, int partner, int chunk, int lengthBytes) {

    /** The ring that a domain registered for a port and exactly that life of a partner, or else for any; null if there is none. */
    static @Nullable RingEntry find(Region region, int domain, long port, int partner, long partnerTag) {
        RingEntry shared = null;
        for (int place = 0; place < RegionDescriptor.RINGS; place++) {
            RingEntry entry = read(region, domain, place, port);
            if (entry == null) {
                continue;
            }
            if (entry.isShared()) {
                shared = entry;
            } else if (entry.partner == partner
                    && RegionDescriptor.partnerTag(region.memory(), domain, place) == partnerTag) {
                return entry;
            }
        }
        return shared;
    }

    private static @Nullable RingEntry read(Region region, int domain, int place, long port) {
        MemorySegment memory = region.memory();
        long generation = RegionDescriptor.generationVolatile(memory, domain, place); // SYNC: ring-register
        if (generation == 0 || RegionDescriptor.port(memory, domain, place) != port) {
            return null;
        }
        RingEntry entry = new RingEntry(
                domain,
                place,
                generation,
                RegionDescriptor.partner(memory, domain, place),
                RegionDescriptor.chunk(memory, domain, place),
                RegionDescriptor.length(memory, domain, place));
        return entry.isSound(region.chunks()) && entry.isCurrent(region) ? entry : null;
    }

    private boolean isSound(int chunks) {
        return lengthBytes >= V4vHypervisor.MINIMUM_RING_BYTES
                && lengthBytes <= V4vHypervisor.MAXIMUM_RING_BYTES
                && lengthBytes % V4vHypervisor.SLOT_BYTES == 0
                && chunk >= 0
                && chunk <= chunks - RegionDescriptor.chunksOf(RingDescriptor.mappedBytes(lengthBytes));
    }

    boolean isShared() {
        return partner == V4vAddress.DOMAIN_ANY;
    }

    /** Whether the ring is still registered. */
    boolean isCurrent(Region region) {
        return RegionDescriptor.generationVolatile(region.memory(), domain, place) == generation;
    }

    /** Becomes the writer. False if somebody is who lives. */
    boolean tryEnter(Region region, Heartbeats heartbeats, long tag) {
        long writer = RegionDescriptor.writerVolatile(region.memory(), domain, place);
        return (writer == 0 || !heartbeats.isLiving(writer))
                && RegionDescriptor.casWriter(region.memory(), domain, place, writer, tag); // SYNC: ring-writer
    }

    long writer(Region region) {
        return RegionDescriptor.writerVolatile(region.memory(), domain, place);
    }

    void leave(Region region, long tag) {
        boolean _ = RegionDescriptor.casWriter(region.memory(), domain, place, tag, 0); // false: a stranger wrote there
    }

    MemorySegment slice(Region region) {
        return region.slice(chunk, RingDescriptor.mappedBytes(lengthBytes));
    }
}
