package org.v4vgpu.device.software;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.v4vgpu.device.DeviceException;

/**
 * The lock of one context and the one way to wait in it: look for a few microseconds, then sleep until something has ended. Safe for
 * any thread.
 */
final class Progress {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by lock.
    private int sleepers;

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /** Wakes who sleeps, to look again. With the lock. */
    void signal() {
        if (sleepers > 0) {
            changed.signalAll();
        }
    }

    /** Sleeps until the next signal or the timeout, giving the lock away meanwhile. An interrupt stays pending and wakes nobody. */
    void sleep(long timeoutNanos) {
        boolean interrupted = false;
        long start = System.nanoTime();
        sleepers++;
        try {
            long left = timeoutNanos;
            while (left > 0) {
                try {
                    // One wake-up ends the sleep: the caller looks again.
                    left = Math.min(0, changed.awaitNanos(left));
                } catch (InterruptedException e) {
                    interrupted = true;
                    left = timeoutNanos - (System.nanoTime() - start);
                }
            }
        } finally {
            sleepers--;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Waits for a condition. Without the lock.
     *
     * @return false if it did not become true within {@code timeoutNanos}
     */
    boolean await(ProgressCondition condition, long timeoutNanos) throws DeviceException {
        long start = System.nanoTime();
        long spinNanos = Math.min(timeoutNanos, Runner.SPIN_NANOS);
        while (System.nanoTime() - start < spinNanos) {
            if (condition.isTrue()) {
                return true;
            }
            Thread.onSpinWait();
        }
        lock.lock();
        try {
            while (!condition.isTrue()) {
                long left = timeoutNanos - (System.nanoTime() - start);
                if (left <= 0) {
                    return false;
                }
                sleep(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** What the end of some operation makes true, or what breaks the context makes throw. */
    @FunctionalInterface
    interface ProgressCondition {
        boolean isTrue() throws DeviceException;
    }
}
