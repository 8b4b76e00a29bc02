package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * How a thread waits for the other side of a ring: it spins for a bounded time, then sleeps on a doorbell. Safe for any thread.
 *
 * <p>The spin is {@value #SPIN_PROPERTY} microseconds long (50 unless set; 0 sleeps at once). Its first
 * microsecond, in which a peer with a core of its own answers, never leaves the processor; after that it offers the processor at
 * every turn, so that a peer without a core of its own gets one. (Measured with more busy threads than cores: the sooner the
 * offer, the shorter the round trip; a spin wait takes about 50 ns.)
 *
 * <p>Two sides that offer one processor to each other stay on it for long even if another one is free: the kernel places threads when
 * they wake, and these never sleep. So a waiter that has often got its processor back late sleeps once instead of spinning, and
 * wakes where there is room.
 */
public final class IdleStrategy {
    /** System property: microseconds to spin before sleeping. */
    public static final String SPIN_PROPERTY = "v4vgpu.spin.micros";

    private static final long SPIN_NANOS = Math.max(0, Long.getLong(SPIN_PROPERTY, 50)) * 1_000L;
    private static final int EAGER_SPINS = 16;
    private static final int SPINS_PER_YIELD = 2;

    /** An offer that comes back later than this was taken: somebody else runs on this processor. */
    private static final long TAKEN_NANOS = 800;

    /** So many offers taken and the next wait sleeps; a sleep costs as much as some 20 round trips on one processor. */
    private static final int TAKEN_OFFERS = 512;

    /** What is waited for. Looks at shared memory and at the waiter's own flags. */
    interface Condition {
        /** Whether the wait is over, for whatever reason. */
        boolean isOver() throws IOException;
    }

    private IdleStrategy() {}

    /** Waits until the condition says so or the time is over. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint; correctness does not hang on it
    static void await(Condition condition, Doorbell doorbell, long timeoutNanos) throws IOException {
        if (condition.isOver()) {
            return;
        }
        if (SPIN_NANOS > 0) {
            for (int i = 0; i < EAGER_SPINS; i++) {
                Thread.onSpinWait();
                if (condition.isOver()) {
                    return;
                }
            }
        }
        long start = System.nanoTime();
        long spin = doorbell.takenOffers < TAKEN_OFFERS ? Math.min(SPIN_NANOS, timeoutNanos) : 0;
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
                doorbell.takenOffers++;
            }
        }
        doorbell.takenOffers = 0;
        sleep(condition, doorbell, start, timeoutNanos);
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

    /** Lets time pass where no doorbell can ring: between questions to a hypervisor that sends no events. */
    public static void pause(long nanos) {
        LockSupport.parkNanos(nanos);
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
