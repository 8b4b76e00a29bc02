package org.v4vgpu.device.ptx.runtime;

import java.lang.System.Logger.Level;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel in several forms, of which each block gets the one that has shown to be faster. Beside the first form there is one of strips
 * for each of some widths: a block may have the widest that fits into its rows. It is made in the background, once
 * the kernel has run for a while, and is then tried on some of the blocks: what it is made of takes the JVM long to compile, and kernels
 * whose threads part often are no faster for it. Safe for any thread.
 */
public final class FormedKernel extends CompiledKernel {
    private static final System.Logger LOG = System.getLogger(FormedKernel.class.getName());

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

    /** From the widest on. */
    private final StripForm[] forms;

    /** Makes a form of strips. */
    @FunctionalInterface
    public interface Maker {
        /**
         * Called once for each width, by any thread.
         *
         * @param threads of a strip
         * @param anyhow also where it is not expected to be the faster one
         * @return null where there is none
         */
        @Nullable
        StripKernel make(int threads, boolean anyhow);
    }

    /**
     * Begins with the first form.
     *
     * @param widths how many threads strips may have, powers of two from the largest on: rows of blocks that are a multiple of none of
     *     them have the first form
     */
    public FormedKernel(CompiledKernel single, int[] widths, Maker maker) {
        this.single = single;
        this.forms = IntStream.of(widths)
                .mapToObj(threads -> new StripForm(threads, maker))
                .toArray(StripForm[]::new);
    }

    /**
     * Uses strips for every block whose shape fits from now on, or for none, whether that is faster or not.
     *
     * @return false where there are no strips of any width
     */
    public boolean use(boolean strips) {
        return Stream.of(forms).filter(form -> form.use(strips)).count() > 0;
    }

    /** Whether it is known which form is the fastest for the shapes of blocks that have run so far. */
    public boolean isSettled() {
        return Stream.of(forms).allMatch(StripForm::isSettled);
    }

    /** How many blocks have begun in strips and ended in the first form: a strip gave up, or a region has none. */
    public long blocksLeft() {
        return Stream.of(forms).mapToLong(StripForm::blocksLeft).sum();
    }

    /** How many blocks have run in strips to their end and have parted by their coordinates. */
    public long blocksParted() {
        return Stream.of(forms).mapToLong(StripForm::blocksParted).sum();
    }

    @Override
    public int run(int entry, ThreadBlock block, int from, int to, int expected) {
        StripForm form = block.form;
        CompiledKernel code = block.inStrips && form != null ? form.kernel() : null;
        return (code == null ? single : code).run(entry, block, from, to, expected);
    }

    @Override
    boolean begin(ThreadBlock block) {
        block.inStrips = false;
        block.beganInStrips = false;
        block.part = FormTrial.Part.NONE;
        StripForm form = form(block.ntidX);
        block.form = form;
        return form != null && form.begin(block);
    }

    /** The widest that fits, unless it has lost: then a narrower one has its trial. */
    private @Nullable StripForm form(int ntidX) {
        StripForm widest = null;
        for (StripForm form : forms) {
            if (form.fits(ntidX) && !form.isMissing()) {
                if (!form.hasLost()) {
                    return form;
                }
                widest = widest == null ? form : widest;
            }
        }
        return widest;
    }

    @Override
    void broke(ThreadBlock block) {
        StripForm form = block.form;
        if (form != null) {
            form.broke(block);
        }
    }

    @Override
    void end(ThreadBlock block, int blocks) {
        StripForm form = block.form;
        if (form == null || !form.end(block, blocks)) {
            return;
        }
        try {
            MAKER.execute(() -> prepare(form));
        } catch (RejectedExecutionException _) {
            form.postpone(); // Too many wait.
        } catch (OutOfMemoryError _) {
            form.giveUp(); // No thread to be had; the kernel runs without.
        }
    }

    /** Where there are no strips so wide, narrower ones are next: whom the wide ones fit, they do. */
    private void prepare(StripForm widest) {
        try {
            for (StripForm form : forms) {
                if (form == widest || widest.isMissing()) {
                    form.prepare();
                }
            }
        } catch (RuntimeException | LinkageError | StackOverflowError bug) {
            LOG.log(Level.WARNING, "a kernel goes on without vectors", bug);
        }
    }
}
