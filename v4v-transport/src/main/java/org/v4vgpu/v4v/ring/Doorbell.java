package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * A word in a ring on which one side sleeps and which the other rings. Free of lost wake-ups:
 *
 * <pre>
 *   sleeper                                    waker
 *   1. word: AWAKE -> ASLEEP                   1. publish a position (release)
 *   2. full fence, look at the ring again      2. full fence
 *   3. futex wait while the word is ASLEEP     3. if the word is ASLEEP: AWAKE, futex wake
 *   4. word: ASLEEP -> AWAKE
 * </pre>
 *
 * <p>Either the sleeper's second look sees the position, or the waker sees ASLEEP. The word is also where a side says that it has
 * gone: CLOSED is left only for a new owner. The other side may write what it likes: whoever waits also looks at its own flags,
 * and never sleeps longer than {@link #SLICE_NANOS} at a time.
 *
 * <p>One sleeper; wakers may be any thread.
 */
final class Doorbell {
    /** The longest sleep without a look around: a hostile peer could otherwise swallow the wake-up of a local close. */
    static final long SLICE_NANOS = 1_000_000_000L;

    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int CLOSED = 2;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final long offset;
    private final long address;

    /** Whether the sleeper is the one of the two sides that leaves a processor which they share: if both left, they met again. */
    final boolean leaves;

    /** {@link IdleStrategy}'s memory between two waits: the time lost in a row to others on this processor, and of its last look. */
    long lostNanos;

    long lookedNanos = System.nanoTime();

    Doorbell(MemorySegment ring, long offset, boolean leaves) {
        this.ring = ring;
        this.offset = offset;
        this.address = ring.address() + offset;
        this.leaves = leaves;
    }

    /** Steps 1 and the fence of 2. */
    void fallAsleep() {
        var _ = INT.compareAndSet(ring, offset, AWAKE, ASLEEP);
        VarHandle.fullFence(); // SYNC: doorbell
    }

    /** Step 3. Also returns without reason. */
    void sleep(long nanos) {
        Futex.await(address, ASLEEP, Math.min(nanos, SLICE_NANOS));
    }

    /** Step 4. */
    void wakeUp() {
        var _ = INT.compareAndSet(ring, offset, ASLEEP, AWAKE);
    }

    /** The waker's steps 2 and 3: rings if somebody sleeps. No system call otherwise. */
    void ring() {
        VarHandle.fullFence(); // SYNC: doorbell
        if ((int) INT.getOpaque(ring, offset) == ASLEEP && INT.compareAndSet(ring, offset, ASLEEP, AWAKE)) {
            Futex.wake(address);
        }
    }

    /** Wakes the sleeper whatever the word says; for local flags that have changed. */
    void shake() {
        var _ = INT.compareAndSet(ring, offset, ASLEEP, AWAKE);
        Futex.wake(address);
    }

    /** Takes the word over from an earlier owner. */
    void open() {
        INT.setVolatile(ring, offset, AWAKE);
    }

    /** Says that the owner of this word has gone. */
    void close() {
        INT.setVolatile(ring, offset, CLOSED);
        Futex.wake(address);
    }

    boolean isClosed() {
        return (int) INT.getOpaque(ring, offset) == CLOSED;
    }
}
