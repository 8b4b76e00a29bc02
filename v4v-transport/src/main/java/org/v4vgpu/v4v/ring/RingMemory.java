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
    private final AtomicInteger holds = new AtomicInteger(1);

    /** Takes ownership of a shared arena. The creator has the first hold. */
    public RingMemory(Arena arena, MemorySegment segment) {
        this.arena = arena;
        this.segment = segment;
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
