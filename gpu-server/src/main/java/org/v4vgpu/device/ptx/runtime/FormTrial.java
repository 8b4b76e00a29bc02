package org.v4vgpu.device.ptx.runtime;

/**
 * Measures the two forms of a kernel against each other, in batches of blocks, until the second has won a batch or has had its time.
 * Safe for any thread.
 */
final class FormTrial {
    /** A kernel that has not run for so long is not worth a second form. */
    private static final long WORTH_NANOS = 10_000_000;

    /** What the second form may take in all until it wins: the JVM compiles it meanwhile. */
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    private static final int BATCH = 32;

    private enum Phase {
        WAITING,
        MAKING,
        TRYING
    }

    /** The times of one form. */
    private static final class Times {
        long total;
        private long batch;
        private int count;
        long best = Long.MAX_VALUE;

        void add(long nanos) {
            total += nanos;
            batch += nanos;
            if (++count == BATCH) {
                best = Math.min(best, batch / BATCH);
                batch = 0;
                count = 0;
            }
        }
    }

    // Guarded by this.
    private Phase phase = Phase.WAITING;
    private Times single = new Times();
    private final Times strips = new Times();

    // SYNC: trial-over. Written once, with `won` before `over`.
    private volatile boolean over;
    private volatile boolean won;

    boolean isOver() {
        return over;
    }

    boolean isWon() {
        return won;
    }

    /** Ends it. */
    synchronized void decide(boolean forStrips) {
        won = forStrips;
        over = true;
    }

    /** The second form is there. */
    synchronized void begin() {
        phase = Phase.TRYING;
        long best = single.best;
        single = new Times();
        single.best = best;
    }

    /** Whether the next block shall run in the second form: it gets a third of the time. */
    synchronized boolean next() {
        return phase == Phase.TRYING && 2 * strips.total <= single.total;
    }

    /**
     * A block has run.
     *
     * @return true once, when the second form shall be made
     */
    synchronized boolean ran(boolean inStrips, long nanos) {
        if (over) {
            return false;
        }
        (inStrips ? strips : single).add(nanos);
        if (phase == Phase.WAITING && single.total > WORTH_NANOS) {
            phase = Phase.MAKING;
            return true;
        }
        if (phase == Phase.TRYING && strips.best < single.best - single.best / 8) {
            decide(true);
        } else if (strips.total > PATIENCE_NANOS) {
            decide(false);
        }
        return false;
    }
}
