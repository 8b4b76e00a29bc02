package org.v4vgpu.device.ptx.runtime;

import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** A second form of a kernel, of strips of so many threads: whether it is there, and whether it is the faster one. Safe for any thread. */
final class StripForm {
    /** Every so many calls of a worker it is looked at what one takes. */
    private static final int LOOK_CALLS = 16;

    /** Of a strip, a power of two. */
    private final int threads;

    private final FormTrial trial = new FormTrial();
    private final LongAdder left = new LongAdder();
    private final LongAdder parted = new LongAdder();
    private final PlaceParting parting = new PlaceParting();

    // SYNC: strips-made. Written with the finished form, before the trial begins.
    private volatile @Nullable StripKernel kernel;

    // SYNC: strips-missing. Written once; it never comes.
    private volatile boolean missing;

    // Guarded by this. Null once it was asked, or will not be.
    private FormedKernel.@Nullable Maker maker;

    StripForm(int threads, FormedKernel.Maker maker) {
        this.threads = threads;
        this.maker = maker;
    }

    /** The code, once it is made. */
    @Nullable
    StripKernel kernel() {
        return kernel;
    }

    /** Whether blocks of so many threads in x consist of its strips. */
    boolean fits(int ntidX) {
        return (ntidX & (threads - 1)) == 0;
    }

    /** Whether it has not been the faster one of late. */
    boolean hasLost() {
        return trial.isOver() && !trial.isWon();
    }

    /** Whether there is none, and will not be. */
    boolean isMissing() {
        return missing;
    }

    /**
     * A block begins.
     *
     * @return whether it, and those that follow it, run in strips for good
     */
    boolean begin(ThreadBlock block) {
        block.inParts = parting.next();
        block.beganInParts = block.inParts;
        block.strayed = 0;
        if (trial.isOver()) {
            block.inStrips = trial.isWon();
            block.beganInStrips = block.inStrips;
            block.trialStart = ++block.settled % LOOK_CALLS == 0 ? System.nanoTime() : 0;
            return block.inStrips;
        }
        block.part = trial.next();
        block.inStrips = block.part == FormTrial.Part.STRIPS;
        block.beganInStrips = block.inStrips;
        block.trialStart = System.nanoTime();
        return false;
    }

    void broke(ThreadBlock block) {
        trial.broke(block.part);
    }

    /**
     * Blocks have ended, of which {@link #begin} knew the first.
     *
     * @return true once, when the form shall be made
     */
    boolean end(ThreadBlock block, int blocks) {
        if (block.beganInStrips) {
            count(block, blocks);
        }
        if (block.part == FormTrial.Part.NONE) {
            if (block.trialStart != 0) {
                long now = System.nanoTime();
                trial.look((now - block.trialStart) / blocks, now);
            }
            return false;
        }
        return trial.ran(block.part, System.nanoTime() - block.trialStart);
    }

    /** Only the last one can have ended otherwise than it began: none follows it in one go. */
    private void count(ThreadBlock block, int blocks) {
        if (!block.inStrips) {
            left.increment();
        } else if (block.inParts) {
            parted.increment();
        }
        if (!block.beganInParts) {
            parting.ran(block.strayed, blocks * block.threads);
        } else if (blocks > 1) {
            parted.add(blocks - 1);
        }
    }

    /** Makes the form, if nobody has, and begins to try it. */
    void prepare() {
        try {
            make(false);
        } finally {
            if (kernel == null) {
                giveUp();
            } else {
                trial.begin();
            }
        }
    }

    /** The form can't be made now: it is asked for again. */
    void postpone() {
        trial.postpone();
    }

    /** Goes on without, and lets go of what it would be made of. */
    void giveUp() {
        synchronized (this) {
            maker = null;
        }
        missing = true;
        trial.decide(false);
    }

    /**
     * Uses it, or does not, from now on, whether that is faster or not.
     *
     * @return false where there is none
     */
    boolean use(boolean strips) {
        make(true);
        boolean found = kernel != null;
        if (!found) {
            missing = true;
        }
        trial.decide(strips && found);
        return found;
    }

    private synchronized void make(boolean anyhow) {
        FormedKernel.Maker asked = maker;
        maker = null;
        if (asked != null) {
            kernel = asked.make(threads, anyhow);
        }
    }

    /** Whether it is known for what has run so far if it is the faster one. */
    boolean isSettled() {
        return missing || trial.isSettled();
    }

    /** How many blocks have begun in it and ended in the first form: a strip gave up, or a region has none. */
    long blocksLeft() {
        return left.sum();
    }

    /** How many blocks have run in it to their end and have parted by their coordinates. */
    long blocksParted() {
        return parted.sum();
    }
}
