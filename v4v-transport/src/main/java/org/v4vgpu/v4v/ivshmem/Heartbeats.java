package org.v4vgpu.v4v.ivshmem;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * Who lives, as this side sees it: a domain whose beat stands still for {@link #DEAD_NANOS} is dead. Safe for any thread; somebody
 * must {@linkplain #look() look} every few beats.
 */
final class Heartbeats {
    /** System property: milliseconds without a beat that mean death. */
    static final String DEAD_PROPERTY = "v4vgpu.ivshmem.dead.millis";

    static final long DEAD_NANOS = Math.max(100, Long.getLong(DEAD_PROPERTY, 700)) * 1_000_000L;

    /** Between two beats. */
    static final long PERIOD_NANOS = DEAD_NANOS / 35;

    private static final long ASK_NANOS = 1_000_000;

    private final MemorySegment region;

    // Guarded by this.
    private final long[] tags = new long[RegionDescriptor.DOMAINS];
    private final long[] beats = new long[RegionDescriptor.DOMAINS];
    private final long[] changedNanos = new long[RegionDescriptor.DOMAINS];

    /** Whether a beat has been seen to change in this life. */
    private final boolean[] proven = new boolean[RegionDescriptor.DOMAINS];

    Heartbeats(MemorySegment region) {
        this.region = region;
        look();
    }

    /** Looks at all domains. */
    synchronized void look() {
        long now = System.nanoTime();
        for (int domain = 0; domain < RegionDescriptor.DOMAINS; domain++) {
            look(domain, now);
        }
    }

    private void look(int domain, long now) {
        long tag = RegionDescriptor.tagVolatile(region, domain);
        long beat = RegionDescriptor.beatOpaque(region, domain);
        if (tag != tags[domain]) {
            tags[domain] = tag;
            proven[domain] = false;
        } else if (beat == beats[domain]) {
            return;
        } else {
            proven[domain] = true;
        }
        beats[domain] = beat;
        changedNanos[domain] = now;
    }

    /** Whether that is the tag of a domain that lives, or may live. */
    synchronized boolean isLiving(long tag) {
        int domain = RegionDescriptor.domainOf(tag);
        if (tag == 0 || domain >= RegionDescriptor.DOMAINS) {
            return false;
        }
        long now = System.nanoTime();
        look(domain, now);
        return tags[domain] == tag && now - changedNanos[domain] < DEAD_NANOS;
    }

    /**
     * The tag of a domain that lives, or 0. The first time in a life it waits for a beat, for at most {@link #DEAD_NANOS}: whoever
     * takes on life after life in that time proves none of them.
     */
    long living(int domain) {
        if (domain < 0 || domain >= RegionDescriptor.DOMAINS) {
            return 0;
        }
        long start = System.nanoTime();
        do {
            synchronized (this) {
                look(domain, System.nanoTime());
                long tag = tags[domain];
                if (tag == 0 || proven[domain] || !isLiving(tag)) {
                    return isLiving(tag) ? tag : 0;
                }
            }
            IdleStrategy.pause(ASK_NANOS);
        } while (System.nanoTime() - start < DEAD_NANOS);
        return 0;
    }
}
