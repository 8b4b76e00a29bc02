package org.v4vgpu.device.software;

/**
 * Who uses a context's memory, and so who releases it: the closer if all come out in time, else the last one to come out. All methods
 * are called under the lock of the {@link Scheduler}.
 */
final class MemoryUse {
    private final Progress progress;
    private final Runners runners;

    private int accesses;
    private boolean closed;
    private boolean abandoned;

    MemoryUse(Progress progress, Runners runners) {
        this.progress = progress;
        this.runners = runners;
    }

    /** A thread that is no runner goes in. */
    void begin() {
        accesses++;
    }

    /** A thread that is no runner comes out. */
    void end() {
        accesses--;
    }

    /** Marks the end of the context. Returns false if it was marked before. */
    boolean close() {
        boolean first = !closed;
        closed = true;
        return first;
    }

    /**
     * Waits until nobody is inside; gives the lock away meanwhile.
     *
     * @return whether the caller releases the memory; if not, the last one to come out does
     */
    boolean awaitNone(long patienceNanos) {
        long start = System.nanoTime();
        while (!isNone()) {
            long left = patienceNanos - (System.nanoTime() - start);
            if (left <= 0) {
                abandoned = true;
                return false;
            }
            progress.sleep(left);
        }
        return true;
    }

    /** Whether the caller, who has come out, releases the memory: the last one, and only if the closer has given up waiting. */
    boolean isReleasedByCaller() {
        if (!closed || !isNone()) {
            return false;
        }
        progress.signal();
        boolean last = abandoned;
        abandoned = false;
        return last;
    }

    private boolean isNone() {
        return accesses == 0 && runners.active() == 0;
    }
}
