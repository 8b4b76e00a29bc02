package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * How a thread waits for the other side of a ring: it spins for a bounded time, then sleeps on a doorbell. Safe for any thread.
 *
 * <p>How long it spins says {@link WaitMode}. The first
 * microsecond and a half, in which a peer with a core of its own answers, never leaves the processor: an offer that nobody takes costs
 * a third of a round trip. After that it offers the processor at every turn, so that a peer without a core of its own gets one.
 *
 * <p>Two sides that offer one processor to each other stay on it for long even if another one is free. So a waiter that has again and
 * again got its processor back late looks for a free one ({@link SharedProcessor}); of two sides, the one in the higher domain.
 */
public final class IdleStrategy {
    private static final long SPIN_NANOS = WaitMode.ofProcess().spinNanos();

    /** Two round trips between processors: so long the processor is kept. */
    private static final long EAGER_NANOS = 1500;

    private static final int EAGER_SPINS = 16;
    private static final int SPINS_PER_YIELD = 2;

    /** An offer that comes back later than this was taken: somebody else runs on this processor. */
    private static final long TAKEN_NANOS = 800;

    /**
     * So long in a row without the processor, and the waiter looks for another. A guess: sharing costs microseconds at every turn, moving
     * tens of them once, so that a few times as long or as short would do as well.
     */
    private static final long LOST_NANOS = 100_000;

    /** No waiter looks more often. */
    private static final long LOOK_INTERVAL_NANOS = 1_000_000;

    /** What is waited for. Looks at shared memory and at the waiter's own flags. */
    interface Condition {
        /** Whether the wait is over, for whatever reason. */
        boolean isOver() throws IOException;
    }

    private IdleStrategy() {}

    /** Waits until the condition says so or the time is over. */
    static void await(Condition condition, Doorbell doorbell, long timeoutNanos) throws IOException {
        await(condition, doorbell, timeoutNanos, SPIN_NANOS);
    }

    /** As above, spinning for so long; not at all for 0. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint; correctness does not hang on it
    static void await(Condition condition, Doorbell doorbell, long timeoutNanos, long spinNanos) throws IOException {
        if (condition.isOver()) {
            return;
        }
        long start = System.nanoTime();
        if (spinNanos > 0) {
            do {
                for (int i = 0; i < EAGER_SPINS; i++) {
                    Thread.onSpinWait();
                    if (condition.isOver()) {
                        doorbell.lostNanos = 0;
                        return;
                    }
                }
            } while (System.nanoTime() - start < EAGER_NANOS);
        }
        long spin = Math.min(spinNanos, timeoutNanos);
        long now = start;
        while (now - start < spin) {
            for (int i = 0; i < SPINS_PER_YIELD; i++) {
                Thread.onSpinWait();
                if (condition.isOver()) {
                    return;
                }
            }
            long offered = System.nanoTime();
            Thread.yield();
            now = System.nanoTime();
            if (now - offered > TAKEN_NANOS) {
                lost(doorbell, now, now - offered);
            } else {
                doorbell.lostNanos = 0;
            }
        }
        sleep(condition, doorbell, start, timeoutNanos);
    }

    private static void lost(Doorbell doorbell, long now, long nanos) {
        doorbell.lostNanos += nanos;
        if (doorbell.leaves && doorbell.lostNanos > LOST_NANOS && now - doorbell.lookedNanos > LOOK_INTERVAL_NANOS) {
            doorbell.lookedNanos = now;
            doorbell.lostNanos = 0;
            SharedProcessor.leave();
        }
    }

    /**
     * Offers the processor once while a wait that began at {@code startNanos} should still spin; for waits on what rings no
     * doorbell. False when it is time to sleep.
     */
    @SuppressWarnings("ThreadPriorityCheck") // a hint; correctness does not hang on it
    public static boolean spin(long startNanos) {
        boolean spins = System.nanoTime() - startNanos < SPIN_NANOS;
        if (spins) {
            Thread.yield();
        }
        return spins;
    }

    /** Keeps the processor and leaves alone what is waited for, for that many spin waits. */
    public static void rest(int spins) {
        for (int i = 0; i < spins; i++) {
            Thread.onSpinWait();
        }
    }

    /**
     * Lets time pass where no doorbell can ring: between questions to a hypervisor that sends no events. An interrupt may cut one pause
     * short; it stays pending, and leaves the next ones as they are.
     */
    public static void pause(long nanos) {
        boolean interrupted = Thread.interrupted();
        LockSupport.parkNanos(nanos);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void sleep(Condition condition, Doorbell doorbell, long start, long timeoutNanos)
            throws IOException {
        long left = timeoutNanos - (System.nanoTime() - start);
        while (left > 0) {
            doorbell.fallAsleep();
            try {
                if (condition.isOver()) {
                    return;
                }
                sleepUninterrupted(doorbell, left, timeoutNanos - left);
            } finally {
                doorbell.wakeUp();
            }
            if (condition.isOver()) {
                return;
            }
            left = timeoutNanos - (System.nanoTime() - start);
        }
    }

    /** An interrupt does not end a wait; it stays pending, and must not make the next sleep return at once. */
    private static void sleepUninterrupted(Doorbell doorbell, long nanos, long waitedNanos) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            doorbell.sleep(nanos, waitedNanos);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
