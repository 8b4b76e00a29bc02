package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A word that counts events, on which any number of threads of any processes of one kernel sleep. Safe for any thread.
 *
 * {@snippet :
 *   int seen = events.value();
 *   if (!isThere()) events.await(seen, nanos); // no event between the two is missed
 * }
 */
public final class EventCount {
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment memory;
    private final long offset;
    private final long address;

    /** @param memory native or mapped, and mapped for as long as anybody waits */
    public EventCount(MemorySegment memory, long offset) {
        this.memory = memory;
        this.offset = offset;
        this.address = memory.address() + offset;
    }

    public int value() {
        return (int) INT.getAcquire(memory, offset);
    }

    /** Counts an event and wakes everybody. */
    public void signal() {
        var _ = INT.getAndAdd(memory, offset, 1);
        Futex.wake(address);
    }

    /** Sleeps until the count is another than {@code seen}, at most for that long; also returns without reason. */
    public void await(int seen, long nanos) {
        if (value() == seen && nanos > 0) {
            Futex.await(address, seen, nanos);
        }
    }
}
