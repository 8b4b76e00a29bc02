package org.v4vgpu.v4v.ivshmem;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;

/**
 * The life of a domain in a region: its tag stands in the table, and its beat grows. Confined to the hypervisor's beating thread, but
 * for {@link #tag}, {@link #domain} and {@link #leave}.
 */
final class RegionClaim {
    /** 0 is the control domain by tradition, 1 the server by default. */
    private static final int FIRST_FREE = 2;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final MemorySegment region;
    private final int domain;
    private final long tag;
    private long beat = RANDOM.nextLong();

    private RegionClaim(MemorySegment region, int domain, long tag) {
        this.region = region;
        this.domain = domain;
        this.tag = tag;
        beat();
    }

    /**
     * Becomes a domain. Waits where a dead one has left its tag until it is known to be dead.
     *
     * @param wanted the id, or {@link V4vAddress#DOMAIN_ANY} for a free one
     * @throws IOException if it lives, or all do
     */
    static RegionClaim of(Region region, Heartbeats heartbeats, int wanted) throws IOException {
        boolean isAny = wanted == V4vAddress.DOMAIN_ANY;
        if (!isAny && (wanted < 0 || wanted >= RegionDescriptor.DOMAINS)) {
            throw new IOException("domain " + wanted + " can't be in a " + region + ": ids are 0 to "
                    + (RegionDescriptor.DOMAINS - 1) + " there");
        }
        List<Integer> candidates = new ArrayList<>();
        for (int id = isAny ? FIRST_FREE : wanted; id < (isAny ? RegionDescriptor.DOMAINS : wanted + 1); id++) {
            candidates.add(id);
        }
        long[] before = new long[RegionDescriptor.DOMAINS];
        for (int id : candidates) {
            before[id] = RegionDescriptor.tagVolatile(region.memory(), id);
            if (before[id] == 0) {
                RegionClaim claim = tryClaim(region.memory(), id, 0);
                if (claim != null) {
                    return claim;
                }
            }
        }
        for (int id : candidates) {
            if (before[id] != 0 && heartbeats.living(id) == 0) {
                RegionClaim claim = tryClaim(region.memory(), id, before[id]);
                if (claim != null) {
                    return claim;
                }
            }
        }
        throw new IOException(
                isAny
                        ? "all domain ids of " + region + " are taken"
                        : "domain " + wanted + " of " + region
                                + " is taken by another process; stop it or use another domain id");
    }

    private static @Nullable RegionClaim tryClaim(MemorySegment region, int domain, long expected) {
        long tag = RegionDescriptor.tag(RANDOM.nextLong(), domain);
        if (!RegionDescriptor.casTag(region, domain, expected, tag)) {
            return null;
        }
        for (int ring = 0; ring < RegionDescriptor.RINGS; ring++) { // what a dead one has left
            RegionDescriptor.generationVolatile(region, domain, ring, 0);
        }
        return new RegionClaim(region, domain, tag);
    }

    int domain() {
        return domain;
    }

    long tag() {
        return tag;
    }

    void beat() {
        RegionDescriptor.beat(region, domain, ++beat);
    }

    /** Whether the domain is still ours: one that was stopped for long may have been taken for dead and replaced. */
    boolean holds() {
        return RegionDescriptor.tagVolatile(region, domain) == tag;
    }

    /** Any thread. */
    void leave() {
        boolean _ = RegionDescriptor.casTag(region, domain, tag, 0); // false: it was not ours any more
    }
}
