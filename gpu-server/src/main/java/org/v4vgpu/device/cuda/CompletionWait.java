package org.v4vgpu.device.cuda;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.v4vgpu.device.DeviceException;

/**
 * Waits for something of the device by asking again and again: the driver's own waits know no timeout and no peer that dies. Safe for
 * any thread. An interrupt ends no wait and stays pending.
 */
final class CompletionWait {
    /**
     * A small kernel and a chunk's DMA end within this; a sleep would take longer. Where there are processors enough, most launches of
     * programs that wait for each do.
     */
    private static final long SPIN_NANOS =
            TimeUnit.MICROSECONDS.toNanos(Runtime.getRuntime().availableProcessors() >= 8 ? 1000 : 100);

    private static final long SHORTEST_SLEEP_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
    private static final long LONGEST_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** What is waited for. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws DeviceException;
    }

    private CompletionWait() {}

    /** A sixteenth of what was waited already: so much later, at most, the end is seen. */
    static long sleepNanos(long waited) {
        return Math.clamp(waited / 16, SHORTEST_SLEEP_NANOS, LONGEST_SLEEP_NANOS);
    }

    /** Waits until the condition holds. Returns false after {@code timeoutNanos} without. */
    static boolean until(Condition condition, long timeoutNanos) throws DeviceException {
        if (condition.holds()) {
            return true;
        }
        if (timeoutNanos <= 0) {
            return false;
        }
        long start = System.nanoTime();
        boolean interrupted = false;
        try {
            while (true) {
                long waited = System.nanoTime() - start;
                if (waited >= timeoutNanos) {
                    return condition.holds();
                }
                if (waited < SPIN_NANOS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(Math.min(sleepNanos(waited), timeoutNanos - waited));
                    interrupted |= Thread.interrupted(); // or the next sleep would be none
                }
                if (condition.holds()) {
                    return true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
