package org.v4vgpu.device.ptx.runtime;

import java.lang.System.Logger.Level;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A kernel in two forms, of which each block gets the one that has shown to be faster. The second form is made in the background, once
 * the kernel has run for a while, and is then tried on some of the blocks: what it is made of takes the JVM long to compile, and kernels
 * whose threads part often are no faster for it. Safe for any thread.
 */
public final class FormedKernel extends CompiledKernel {
    private static final System.Logger LOG = System.getLogger(FormedKernel.class.getName());

    /** After so many blocks of a worker it is asked whether a verdict is old. */
    private static final int REVIEW_BLOCKS = 64;

    /** Kernels that wait for their second form, of all sessions. Others ask again later. */
    static final int MOST_WAITING = 64;

    /** Makes the second forms of all kernels, one after the other. Linux heeds the priority only where the JVM is told to use it. */
    @SuppressWarnings("ThreadPriorityCheck") // Nothing relies on it.
    private static final ExecutorService MAKER = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_WAITING),
            Thread.ofPlatform()
                    .daemon()
                    .name("v4vgpu-strips")
                    .priority(Thread.MIN_PRIORITY)
                    .factory());

    private final CompiledKernel single;

    /** Of a strip. */
    private final int threads;

    private final FormTrial trial = new FormTrial();
    private final LongAdder left = new LongAdder();
    private final LongAdder parted = new LongAdder();
    private final PlaceParting parting = new PlaceParting();

    // SYNC: strips-made. Written with the finished form, before the trial begins.
    private volatile @Nullable StripKernel strips;

    // Guarded by this. Null once it was asked, or will not be.
    private @Nullable Maker maker;

    /** Makes the second form. */
    @FunctionalInterface
    public interface Maker {
        /**
         * Called once, by any thread.
         *
         * @param anyhow also where it is not expected to be the faster one
         * @return null where there is none
         */
        @Nullable
        StripKernel make(boolean anyhow);
    }

    /**
     * Begins with the first form.
     *
     * @param threads of a strip of the second one: rows of blocks that are no multiple of it have the first
     * @param maker of the second one; asked once
     */
    public FormedKernel(CompiledKernel single, int threads, Maker maker) {
        this.single = single;
        this.threads = threads;
        this.maker = maker;
    }

    /**
     * Uses one form for every block from now on, whether it is faster or not.
     *
     * @param strips the second form, for blocks of a fitting shape
     * @return false where there is none
     */
    public boolean use(boolean strips) {
        make(true);
        boolean found = this.strips != null;
        trial.decide(strips && found);
        return found;
    }

    /** How many blocks have begun in the second form and ended in the first: a strip gave up, or a region has none. */
    public long blocksLeft() {
        return left.sum();
    }

    /** How many blocks have run in the second form to their end and have parted by their coordinates. */
    public long blocksParted() {
        return parted.sum();
    }

    @Override
    public int run(int entry, ThreadBlock block, int from, int to, int expected) {
        StripKernel form = block.inStrips ? strips : null;
        return (form == null ? single : form).run(entry, block, from, to, expected);
    }

    @Override
    void begin(ThreadBlock block) {
        block.inStrips = false;
        block.beganInStrips = false;
        block.part = FormTrial.Part.NONE;
        block.inParts = parting.next();
        block.beganInParts = block.inParts;
        block.strayed = 0;
        if (block.ntidX % threads != 0) {
            return;
        }
        if (trial.isOver()) {
            block.inStrips = trial.isWon();
            block.beganInStrips = block.inStrips;
            if (++block.settled % REVIEW_BLOCKS == 0) {
                trial.review(System.nanoTime());
            }
            return;
        }
        block.part = trial.next();
        block.inStrips = block.part == FormTrial.Part.STRIPS;
        block.beganInStrips = block.inStrips;
        block.trialStart = System.nanoTime();
    }

    @Override
    void broke(ThreadBlock block) {
        trial.broke(block.part);
    }

    @Override
    void end(ThreadBlock block) {
        if (block.beganInStrips && !block.inStrips) {
            left.increment();
        } else if (block.beganInStrips && block.inParts) {
            parted.increment();
        }
        if (block.beganInStrips && !block.beganInParts) {
            parting.ran(block.strayed, block.threads / threads);
        }
        if (block.part != FormTrial.Part.NONE && trial.ran(block.part, System.nanoTime() - block.trialStart)) {
            try {
                MAKER.execute(this::prepare);
            } catch (RejectedExecutionException _) {
                trial.postpone(); // Too many wait.
            } catch (OutOfMemoryError _) {
                giveUp(); // No thread to be had; the kernel runs without.
            }
        }
    }

    private void prepare() {
        try {
            make(false);
        } catch (RuntimeException | LinkageError | StackOverflowError bug) {
            LOG.log(Level.WARNING, "a kernel goes on without vectors", bug);
        } finally {
            if (strips == null) {
                giveUp();
            } else {
                trial.begin();
            }
        }
    }

    /** Goes on with the first form alone, and lets go of what the second would be made of. */
    private void giveUp() {
        synchronized (this) {
            maker = null;
        }
        trial.decide(false);
    }

    private synchronized void make(boolean anyhow) {
        Maker asked = maker;
        maker = null;
        if (asked != null) {
            strips = asked.make(anyhow);
        }
    }
}
