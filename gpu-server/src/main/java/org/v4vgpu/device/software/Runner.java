package org.v4vgpu.device.software;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A thread that runs operations of one context, one after the other. Work is handed to it directly, under the scheduler's lock; it
 * spins a little for the next piece, then sleeps, and ends when none came for long.
 */
final class Runner implements Runnable {
    /**
     * How long a thread without work, or one that waits for work to end, looks before it sleeps: as long as waking a sleeper takes
     * (measured on two cores: 45 us), so that a launch and a wait never cost more than twice the better choice. With a single core
     * nobody could end what it looks for.
     */
    static final long SPIN_NANOS = Runtime.getRuntime().availableProcessors() > 1 ? 50_000 : 0;

    private static final long IDLE_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Scheduler scheduler;
    final Thread thread;

    // SYNC: runner-hand. The giver writes `handed` or `dismissed`, then reads `parked`; the runner the other way round.
    private volatile @Nullable Operation handed;
    private volatile boolean dismissed;
    private volatile boolean parked;

    // Guarded by the scheduler's lock: what it runs or is about to run.
    @Nullable
    Operation current;

    Runner(Scheduler scheduler, Operation first, String name) {
        this.scheduler = scheduler;
        this.current = first;
        this.handed = first;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this);
    }

    /** Gives work to a resting runner. Called under the scheduler's lock. */
    void hand(Operation operation) {
        current = operation;
        handed = operation;
        wake();
    }

    /** Ends the runner when it has no work any more. */
    void dismiss() {
        dismissed = true;
        wake();
    }

    @Override
    public void run() {
        Operation operation = awaitWork();
        while (operation != null) {
            scheduler.execute(operation);
            operation = scheduler.next(this, operation);
            if (operation == null) {
                operation = awaitWork();
            }
        }
    }

    private void wake() {
        if (parked) {
            LockSupport.unpark(thread);
        }
    }

    private @Nullable Operation awaitWork() {
        long start = System.nanoTime();
        while (System.nanoTime() - start < SPIN_NANOS) {
            if (handed != null || dismissed) {
                return take();
            }
            Thread.onSpinWait();
        }
        parked = true;
        try {
            while (handed == null && !dismissed) {
                long left = IDLE_LIMIT_NANOS - (System.nanoTime() - start);
                if (left > 0) {
                    LockSupport.parkNanos(this, left);
                } else if (scheduler.retire(this)) {
                    return null;
                }
            }
        } finally {
            parked = false;
        }
        return take();
    }

    private @Nullable Operation take() {
        Operation operation = handed;
        handed = null;
        return operation;
    }
}
