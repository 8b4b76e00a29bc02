package org.v4vgpu.v4v.ring;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory of a ring and who still uses it: unmapped when the last hold is let go, so never under a reader or a device's DMA.
 * Safe for any thread.
 */
public final class RingMemory {
    private final Arena arena;
    private final MemorySegment segment;
    private final boolean isPolled;
    private final AtomicInteger holds = new AtomicInteger(1);

    /** Memory whose sides share a kernel. Takes ownership of a shared arena. The creator has the first hold. */
    public RingMemory(Arena arena, MemorySegment segment) {
        this(arena, segment, false);
    }

    /** @param isPolled whether the sides may run on different kernels, so that no futex of one wakes the other */
    public RingMemory(Arena arena, MemorySegment segment, boolean isPolled) {
        this.arena = arena;
        this.segment = segment;
        this.isPolled = isPolled;
    }

    /** A doorbell in this memory; see {@link Doorbell#leaves}. */
    Doorbell doorbell(long offset, boolean leaves) {
        return new Doorbell(segment, offset, leaves, isPolled);
    }

    /** The whole mapping, see {@link RingDescriptor}. */
    public MemorySegment segment() {
        return segment;
    }

    /** False if the memory has gone. */
    public boolean hold() {
        for (int n = holds.get(); n > 0; n = holds.get()) {
            if (holds.compareAndSet(n, n + 1)) {
                return true;
            }
        }
        return false;
    }

    public void letGo() {
        int left = holds.decrementAndGet();
        if (left == 0) {
            arena.close();
        } else if (left < 0) {
            throw new IllegalStateException("ring memory was let go more often than held");
        }
    }
}
