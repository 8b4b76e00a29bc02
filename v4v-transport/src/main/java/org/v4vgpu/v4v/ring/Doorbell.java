package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

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
 * and never sleeps longer than {@link #SLICE_NANOS} at a time. A word that the other side keeps from saying ASLEEP does not turn
 * the sleep into a busy loop: after a few refusals the sleeper naps.
 *
 * <p>Where the two sides run on different kernels no futex reaches from one to the other. There a doorbell is polled: the word only
 * says CLOSED, and the sleeper naps, an eighth of the time that it has waited, up to {@link #LONGEST_NAP_NANOS}.
 *
 * <p>One sleeper; wakers may be any thread. A thread that sleeps for several rings at once does it through a {@link DoorbellPanel}.
 */
class Doorbell {
    /** The longest sleep without a look around: a hostile peer could otherwise swallow the wake-up of a local close. */
    static final long SLICE_NANOS = 1_000_000_000L;

    private static final long SHORTEST_NAP_NANOS = 20_000;

    /** An idle side looks a hundred times in a second. */
    private static final long LONGEST_NAP_NANOS = 10_000_000;

    private static final int NAP_DIVISOR = 8;

    /** A waker that is faster than the sleeper causes one refusal in a wait; more in a row come from a word that is nonsense. */
    private static final int MOST_REFUSALS = 8;

    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int CLOSED = 2;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment ring;
    private final long offset;
    private final long address;
    private final boolean isPolled;
    private int refusals;

    /** Whether the sleeper is the one of the two sides that leaves a processor which they share: if both left, they met again. */
    final boolean leaves;

    /** {@link IdleStrategy}'s memory between two waits: the time lost in a row to others on this processor, and of its last look. */
    long lostNanos;

    long lookedNanos = System.nanoTime();

    Doorbell(MemorySegment ring, long offset, boolean leaves, boolean isPolled) {
        this.ring = ring;
        this.offset = offset;
        this.address = ring.address() + offset;
        this.leaves = leaves && !isPolled; // nobody on another kernel runs on this processor
        this.isPolled = isPolled;
    }

    /** Steps 1 and the fence of 2. */
    void fallAsleep() {
        if (!isPolled) {
            var _ = INT.compareAndSet(ring, offset, AWAKE, ASLEEP);
            VarHandle.fullFence(); // SYNC: doorbell
        }
    }

    /** Step 3, in a wait that has lasted for {@code waitedNanos}. Also returns without reason. */
    void sleep(long nanos, long waitedNanos) {
        if (!isPolled && (int) INT.getOpaque(ring, offset) == ASLEEP) {
            refusals = 0;
            Futex.await(address, ASLEEP, Math.min(nanos, SLICE_NANOS));
        } else if (isPolled || ++refusals > MOST_REFUSALS) {
            long nap = Math.clamp(waitedNanos / NAP_DIVISOR, SHORTEST_NAP_NANOS, LONGEST_NAP_NANOS);
            LockSupport.parkNanos(Math.min(nanos, nap));
        }
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

    /** Whether the other side can't ring it: one looks. */
    boolean isPolled() {
        return isPolled;
    }

    /** Whether it was rung since {@link #fallAsleep}: a reason not to sleep, unless it is given again and again in one wait. */
    boolean refuses() {
        return (int) INT.getOpaque(ring, offset) == AWAKE && ++refusals <= MOST_REFUSALS;
    }

    /** A wait has ended, and with it the row of refusals. */
    void forgetRefusals() {
        refusals = 0;
    }

    /**
     * Adds the word to those of one wait, if it says ASLEEP and has not refused too often.
     *
     * @return whether it did; a word that is neither that nor AWAKE will not be rung
     */
    boolean join(FutexVector words) {
        if ((int) INT.getOpaque(ring, offset) != ASLEEP || refusals > MOST_REFUSALS) {
            return false;
        }
        words.add(address, ASLEEP);
        return true;
    }
}
