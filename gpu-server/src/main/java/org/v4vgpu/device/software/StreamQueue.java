package org.v4vgpu.device.software;

import org.jspecify.annotations.Nullable;

/** The order of one stream: its last operation, and how many are unfinished. Written under the scheduler's lock. */
final class StreamQueue {
    /** How a queue orders itself with the others of its context. */
    enum Order {
        /** The legacy default stream: waits for all blocking streams, and they for it. */
        DEFAULT,
        BLOCKING,
        /** CU_STREAM_NON_BLOCKING: ignores the default stream. */
        NON_BLOCKING,
        /** The context's own work (frees, unloads): waits for everything, nobody waits for it. */
        HOUSEKEEPING
    }

    /** Unfinished operations beyond which whoever enqueues more is to wait. */
    static final int CAPACITY = 1024;

    final Order order;

    // SYNC: queue-tail. Read without the lock to see quickly that a stream is idle.
    volatile @Nullable Operation tail;
    volatile int unfinished;

    // Guarded by the scheduler's lock.
    boolean closed;

    StreamQueue(Order order) {
        this.order = order;
    }

    boolean hasSpace() {
        return unfinished <= CAPACITY;
    }

    boolean isIdle() {
        Operation last = tail;
        return last == null || last.isOver();
    }
}
