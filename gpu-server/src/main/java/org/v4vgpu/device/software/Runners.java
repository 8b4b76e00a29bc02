package org.v4vgpu.device.software;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The threads that run one context's kernels and large copies, and what waits for one. All methods are called under the lock of
 * the {@link Scheduler}.
 *
 * <p>A thread that ends an operation goes on with the next one itself; the thread that rested last is woken first, because it may
 * still be spinning.
 */
final class Runners {
    /** Operations of one context that run side by side, at most: one per thread. More streams than that take turns. */
    static final int MAXIMUM = 16;

    private final String name;
    private final Scheduler scheduler;
    private final ArrayDeque<Operation> backlog = new ArrayDeque<>();
    private final ArrayDeque<Runner> resting = new ArrayDeque<>();
    private final List<Runner> all = new ArrayList<>();
    private boolean dismissed;
    private int started;

    Runners(String name, Scheduler scheduler) {
        this.name = name;
        this.scheduler = scheduler;
    }

    void add(Operation operation) {
        backlog.add(operation);
    }

    /**
     * Gives what waits to resting and new runners.
     *
     * @return false if there is work but no thread, nor one to be had
     */
    boolean dispatch() {
        while (!backlog.isEmpty()) {
            Runner runner = resting.poll();
            if (runner != null) {
                runner.hand(backlog.remove());
            } else if (all.size() == MAXIMUM || dismissed) {
                return true;
            } else if (!start()) {
                return !all.isEmpty();
            }
        }
        return true;
    }

    /** The next operation for a runner that has ended one; null sends it to rest. */
    @Nullable
    Operation take(Runner runner) {
        Operation next = backlog.poll();
        runner.current = next;
        if (next == null) {
            resting.push(runner);
        }
        return next;
    }

    /** How many run something or are about to. */
    int active() {
        return all.size() - resting.size();
    }

    /** Makes all that runs end soon. */
    void cancel() {
        for (Runner runner : all) {
            Operation current = runner.current;
            if (current != null) {
                current.cancel();
            }
        }
    }

    /** Takes back what no runner has begun. */
    List<Operation> drain() {
        List<Operation> operations = List.copyOf(backlog);
        backlog.clear();
        return operations;
    }

    /** Takes a runner out that had nothing to do for long; false if it was given something meanwhile. */
    boolean retire(Runner runner) {
        return resting.remove(runner) && all.remove(runner);
    }

    /** Ends all threads that rest, and those that run when they are done. Returns them. */
    List<Thread> dismiss() {
        dismissed = true;
        List<Thread> threads = new ArrayList<>();
        for (Runner runner : all) {
            threads.add(runner.thread);
            runner.dismiss();
        }
        return threads;
    }

    private boolean start() {
        Runner runner = new Runner(scheduler, backlog.element(), name + " runner " + started);
        try {
            runner.thread.start();
        } catch (OutOfMemoryError e) {
            // The operating system gives no further thread: those that exist must do.
            return false;
        }
        started++;
        backlog.remove();
        all.add(runner);
        return true;
    }
}
