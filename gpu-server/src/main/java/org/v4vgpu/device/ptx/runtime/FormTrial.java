package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;
import org.v4vgpu.device.LaunchShape;

/**
 * Measures the two forms of a kernel against each other, in batches of blocks, until the second has won a batch or has had its time.
 * What is compared was measured on blocks of one launch, or of launches with the same shape and parameters: others may have more or less
 * to do. Where launches are small and each has other parameters, no batch is ever full; then each launch in which both forms had blocks
 * says which was faster there, and what most of them say counts. Safe for any thread.
 */
final class FormTrial {
    /** What a block is to the trial. */
    enum Part {
        /** Runs in the first form and is not measured. */
        NONE,
        /** Tells whether the kernel is worth a second form. */
        EARLY,
        SINGLE,
        STRIPS
    }

    /** A kernel that has not run for so long is not worth a second form. */
    private static final long WORTH_NANOS = 10_000_000;

    /** What the second form may take in all until it wins: the JVM compiles it meanwhile. */
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    private static final int MOST_BATCH = 32;

    /** Of grids that are small. */
    private static final int LEAST_BATCH = 4;

    /** A batch is such a part of the grid, so that each form has time for some of them in one launch. */
    private static final int BATCHES = 8;

    /** So many launches are asked where batches stay empty, and of these at least three in four must be for the second form. */
    private static final int VOTES = 32;

    private static final int[] NO_PARAMETERS = {};

    private enum Phase {
        WAITING,
        MAKING,
        TRYING
    }

    /** The times of one form. */
    private static final class Times {
        long total;

        /** Of the last block, or 0 before the first. */
        long last;

        /** The least mean of a batch of the present subject. */
        long best = Long.MAX_VALUE;

        int running;

        // Of the present subject.
        private long own;
        private int blocks;

        private long batch;
        private int count;

        void add(long nanos, int size) {
            last = Math.max(1, nanos);
            total += last;
            batch += last;
            own += last;
            blocks++;
            if (++count == size) {
                best = Math.min(best, batch / size);
                batch = 0;
                count = 0;
            }
        }

        boolean isMeasured() {
            return best < Long.MAX_VALUE;
        }

        /** Of a block of the present subject, or 0. */
        long mean() {
            return blocks == 0 ? 0 : Math.max(1, own / blocks);
        }

        void begin() {
            own = 0;
            blocks = 0;
            best = Long.MAX_VALUE;
            batch = 0;
            count = 0;
        }
    }

    // Guarded by this.
    private Phase phase = Phase.WAITING;
    private long early;
    private final Times single = new Times();
    private final Times strips = new Times();

    // Guarded by this. The subject: the launch whose blocks are compared.
    private LaunchShape shape = ThreadBlock.NO_SHAPE;
    private int[] parameters = NO_PARAMETERS;
    private int batch = MOST_BATCH;

    // Guarded by this. What the subjects have said that came before.
    private int votes;
    private int votesForStrips;

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
        parameters = NO_PARAMETERS;
    }

    /** The second form can't be made now: it is asked for again when the kernel has run as long once more. */
    synchronized void postpone() {
        phase = Phase.WAITING;
        early = 0;
    }

    /** The second form is there. */
    synchronized void begin() {
        phase = Phase.TRYING;
    }

    /**
     * A block begins. The second form gets a third of the time, and one block until it is known what a block takes.
     *
     * @param parameters never changed
     * @return what to give to {@link #ran} or {@link #broke} when it ends
     */
    synchronized Part next(LaunchShape shape, int[] parameters) {
        if (over || phase == Phase.MAKING) {
            return Part.NONE;
        }
        if (phase == Phase.WAITING) {
            return Part.EARLY;
        }
        if (!shape.equals(this.shape) || !Arrays.equals(parameters, this.parameters)) {
            if (single.running + strips.running > 0) {
                return Part.NONE; // Another launch that runs at the same time: its turn comes.
            }
            vote();
            if (over) {
                return Part.NONE;
            }
            this.shape = shape;
            this.parameters = parameters;
            batch = Math.clamp(shape.blocks() / BATCHES, LEAST_BATCH, MOST_BATCH);
            single.begin();
            strips.begin();
        }
        boolean isAhead = strips.isMeasured() && !single.isMeasured();
        boolean first = strips.last == 0 && strips.running == 0;
        boolean known = strips.last > 0 && 2 * (strips.total + strips.running * strips.last) <= single.total;
        boolean inStrips = !isAhead && (first || known);
        times(inStrips).running++;
        return inStrips ? Part.STRIPS : Part.SINGLE;
    }

    /** The subject that ends says which form was faster. The longer ago, the less it counts: the JVM compiles meanwhile. */
    private void vote() {
        if (single.mean() == 0 || strips.mean() == 0) {
            return;
        }
        votes++;
        votesForStrips += isFaster(strips.mean(), single.mean()) ? 1 : 0;
        if (votes == VOTES) {
            if (votesForStrips >= VOTES - VOTES / 4) {
                decide(true);
            }
            votes /= 2;
            votesForStrips /= 2;
        }
    }

    private static boolean isFaster(long strips, long single) {
        return strips < single - single / 8;
    }

    private Times times(boolean inStrips) {
        return inStrips ? strips : single;
    }

    /** A block has not come to its end. */
    synchronized void broke(Part part) {
        if (part == Part.SINGLE || part == Part.STRIPS) {
            times(part == Part.STRIPS).running--;
        }
    }

    /**
     * A block has run.
     *
     * @return true once, when the second form shall be made
     */
    synchronized boolean ran(Part part, long nanos) {
        broke(part);
        if (over || part == Part.NONE) {
            return false;
        }
        if (part == Part.EARLY) {
            early += nanos;
            boolean isWorth = phase == Phase.WAITING && early > WORTH_NANOS;
            phase = isWorth ? Phase.MAKING : phase;
            return isWorth;
        }
        times(part == Part.STRIPS).add(nanos, batch);
        if (single.isMeasured() && strips.isMeasured() && isFaster(strips.best, single.best)) {
            decide(true);
        } else if (strips.total > PATIENCE_NANOS) {
            decide(false);
        }
        return false;
    }
}
