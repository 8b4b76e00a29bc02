package org.v4vgpu.v4v.ivshmem;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * Which chunks of the region belong to whom. Without a lock: a chunk is taken and given back by one compare-and-set of its owner's
 * tag. Safe for any thread.
 *
 * <p>The chunks of a dead domain are nobody's once it has been dead for {@link #GRACE_NANOS}: until then its partners may not have
 * noticed and still write. Those of a window have a user's tag beside their owner's, and stay taken as long as that one lives too.
 */
final class RingSpace {
    static final long GRACE_NANOS = 1_000_000_000L;
    private static final long RECLAIM_WAIT_NANOS = Heartbeats.DEAD_NANOS + 2 * GRACE_NANOS;
    private static final long ASK_NANOS = 20_000_000;

    /** As a user: nobody, and nobody becomes it before the chunk is taken anew. No domain has such a tag. */
    private static final long OVER = -1;

    private final MemorySegment region;
    private final int chunks;
    private final Heartbeats heartbeats;

    /** Since when an owner is known to be dead. Guarded by this. */
    private Map<Long, Long> deadSince = new HashMap<>();

    RingSpace(Region region, Heartbeats heartbeats) {
        this.region = region.memory();
        this.chunks = region.chunks();
        this.heartbeats = heartbeats;
    }

    /**
     * Takes chunks in a row, with whatever is in them. Waits for those of dead domains if there are no others.
     *
     * @param reserved so many others must be left
     * @return the first one, or -1 if there are none
     */
    int allocate(int count, int reserved, long tag) {
        long start = System.nanoTime();
        while (true) {
            int first = reserved > 0 && count > freeChunks() - reserved ? -1 : tryAllocate(count, tag);
            if (first >= 0 || !sweep() || System.nanoTime() - start > RECLAIM_WAIT_NANOS) {
                return first;
            }
            IdleStrategy.pause(ASK_NANOS);
        }
    }

    private int tryAllocate(int count, long tag) {
        int first = 0;
        while (first <= chunks - count) {
            int taken = 0;
            while (taken < count && RegionDescriptor.casOwner(region, first + taken, 0, tag)) {
                taken++;
            }
            if (taken == count) {
                for (int i = 0; i < count; i++) {
                    RegionDescriptor.userVolatile(region, first + i, 0);
                }
                return first;
            }
            free(first, taken, tag);
            first += taken + 1;
        }
        return -1;
    }

    /** How many chunks nobody owns. */
    private int freeChunks() {
        int free = 0;
        for (int chunk = 0; chunk < chunks; chunk++) {
            free += RegionDescriptor.ownerVolatile(region, chunk) == 0 ? 1 : 0;
        }
        return free;
    }

    /**
     * Becomes the user of chunks in a row, which somebody says are an owner's. False if they do not lie in the region, are not all of that
     * owner, or have a user.
     */
    boolean tryUse(long first, int count, long ownerTag, long tag) {
        if (first < 0 || first > chunks - count) {
            return false;
        }
        int used = 0;
        while (used < count && RegionDescriptor.casUser(region, (int) first + used, 0, tag)) { // SYNC: window-user
            used++;
        }
        if (used == count && isOwned((int) first, count, ownerTag)) {
            return true;
        }
        leave((int) first, used, tag);
        return false;
    }

    private boolean isOwned(int first, int count, long tag) {
        for (int i = 0; i < count; i++) {
            if (RegionDescriptor.ownerVolatile(region, first + i) != tag) {
                return false;
            }
        }
        return true;
    }

    /** Uses chunks no longer. */
    void leave(int first, int count, long tag) {
        for (int i = 0; i < count; i++) {
            boolean _ = RegionDescriptor.casUser(region, first + i, tag, 0); // false: we were taken for dead
        }
    }

    /** Ends the use of a chunk, for good, unless its user lives. */
    private boolean tryEndUse(int chunk) {
        long user = RegionDescriptor.userVolatile(region, chunk);
        return !heartbeats.isLiving(user) && RegionDescriptor.casUser(region, chunk, user, OVER); // SYNC: window-user
    }

    /** Gives the chunks of a window back, unless a user lives. */
    boolean tryFree(int first, int count, long tag) {
        for (int i = 0; i < count; i++) {
            boolean isOurs = RegionDescriptor.ownerVolatile(region, first + i) == tag; // else we were taken for dead
            if (isOurs && !tryEndUse(first + i)) {
                return false;
            }
        }
        free(first, count, tag);
        return true;
    }

    /** Gives chunks back. */
    void free(int first, int count, long tag) {
        for (int i = 0; i < count; i++) {
            boolean _ = RegionDescriptor.casOwner(region, first + i, tag, 0); // a false one: a stranger wrote there
        }
    }

    /** Frees what dead domains have left, once their grace is over. True if there is more to come. */
    synchronized boolean sweep() {
        long now = System.nanoTime();
        Map<Long, Long> dead = new HashMap<>();
        for (int chunk = 0; chunk < chunks; chunk++) {
            long tag = RegionDescriptor.ownerVolatile(region, chunk);
            if (tag == 0
                    || heartbeats.isLiving(tag)
                    || heartbeats.isLiving(RegionDescriptor.userVolatile(region, chunk))) {
                continue;
            }
            long since = deadSince.getOrDefault(tag, now);
            dead.put(tag, since);
            if (now - since >= GRACE_NANOS && tryEndUse(chunk)) {
                boolean _ = RegionDescriptor.casOwner(region, chunk, tag, 0); // false: another one was faster
            }
        }
        deadSince = dead;
        return !dead.isEmpty();
    }
}
