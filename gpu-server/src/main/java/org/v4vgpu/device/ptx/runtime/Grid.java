package org.v4vgpu.device.ptx.runtime;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/**
 * Runs all blocks of a launch. The caller begins alone; when that takes longer than waking others, be it within its first block, all
 * cores help. The first block that fails ends the others. Each grid is used once; {@link #run} is called by one thread.
 */
public final class Grid {
    private static final int HELPERS = Runtime.getRuntime().availableProcessors() - 1;

    /** Source: CUDA driver API, CUresult. */
    private static final CudaStatus COOPERATIVE_LAUNCH_TOO_LARGE = new CudaStatus(720);

    private static final long ALONE_NANOS = 20_000;

    /** What a helper gives to one grid while others wait. */
    private static final long TURN_NANOS = 1_000_000;

    /** Blocks that a worker takes at once, at most, and how long they shall take: other grids wait, and so does who cancels. */
    private static final int MOST_BLOCKS = 256;

    private static final long BLOCKS_NANOS = 100_000;

    private static final ThreadPoolExecutor POOL = new ThreadPoolExecutor(
            Math.max(1, HELPERS),
            Math.max(1, HELPERS),
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("v4vgpu-blocks-", 1).factory());
    private static final ThreadLocal<ThreadBlock> STATE = ThreadLocal.withInitial(ThreadBlock::new);

    private final Launch launch;
    private final long blocks;
    private final AtomicLong next = new AtomicLong();
    private final @Nullable ResidentBlocks residents;

    /** What the pool is given: always the same, so that it can be taken back. */
    private final Runnable helper = this::help;

    // The caller's own: whether nobody has been asked to help, and since when.
    private boolean alone;
    private long start;

    // SYNC: grid-failed. Written with the failure; polled by every worker.
    private volatile boolean failed;

    // Guarded by this.
    private int helping;
    private boolean finished;
    private @Nullable Throwable failure;
    private long failedBlock;
    private int failedThread;

    public Grid(Launch launch) {
        this.launch = launch;
        this.blocks = launch.shape().blocks();
        this.residents =
                launch.plan().isSpinning() ? new ResidentBlocks(launch, ResidentBlocks.BUDGET, this::isStopped) : null;
    }

    /**
     * Checks whether all blocks can wait for each other, where they do.
     *
     * @throws DeviceException CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE
     */
    public static void check(KernelPlan plan, LaunchShape shape) throws DeviceException {
        boolean together = plan.isSpinning() && plan.needs().contains(KernelPlan.Need.WORKSPACE);
        if (together && shape.blocks() > ResidentBlocks.most(plan, shape)) {
            throw new DeviceException(
                    COOPERATIVE_LAUNCH_TOO_LARGE,
                    "kernel " + plan.name() + ": " + shape.blocks() + " blocks wait for each other, at most "
                            + ResidentBlocks.most(plan, shape) + " of this size can");
        }
    }

    /**
     * Runs all blocks and returns when the last has ended.
     *
     * @throws DeviceException the first fault of any thread, with kernel, block, thread and line
     */
    public void run() throws DeviceException {
        try {
            work(true);
        } finally {
            awaitHelpers();
            takeBack();
            if (residents != null) {
                residents.release();
            }
        }
        DeviceException fault = fault();
        if (fault != null) {
            throw fault;
        }
    }

    /** The memory must not go away under the helpers, whatever happened here: cancel() is what ends a launch, not an interrupt. */
    private synchronized void awaitHelpers() {
        finished = true;
        boolean interrupted = false;
        while (helping > 0) {
            try {
                wait();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Helpers that the pool has not come to would keep the launch and all its blocks alive. No helper asks for another any more. */
    private void takeBack() {
        if (launchedHelpers()) {
            while (POOL.remove(helper)) {
                // Once for each of them.
            }
        }
    }

    private boolean launchedHelpers() {
        return HELPERS > 0 && blocks > 1 && !alone;
    }

    /** Whether a helper has had its turn while other grids wait; then it stands in line again. */
    private boolean givesWay(boolean caller, long since) {
        if (caller || POOL.getQueue().isEmpty() || System.nanoTime() - since < TURN_NANOS) {
            return false;
        }
        POOL.execute(helper);
        return true;
    }

    private synchronized @Nullable DeviceException fault() {
        return failure == null ? null : FaultReport.of(launch, failedBlock, failedThread, failure);
    }

    private void help() {
        synchronized (this) {
            if (finished) {
                return;
            }
            helping++;
        }
        try {
            work(false);
        } finally {
            synchronized (this) {
                helping--;
                notifyAll();
            }
        }
    }

    private void work(boolean caller) {
        if (residents == null) {
            workInOrder(caller);
        } else {
            workInTurns(residents, caller);
        }
    }

    /** Runs blocks that wait for each other, each until it waits. */
    private void workInTurns(ResidentBlocks residents, boolean caller) {
        ResidentBlocks.Resident at = null;
        long since = System.nanoTime();
        try {
            if (caller) {
                requireNotCancelled(residents.payTogether());
                beginAlone();
            }
            for (at = take(residents, caller); at != null; at = take(residents, caller)) {
                requireNotCancelled(!isStopped());
                if (at.scheduler().advance()) {
                    residents.end(at);
                } else if (residents.putBack(at)) {
                    Thread.onSpinWait(); // What the blocks wait for is in the hands of another worker.
                }
                if (caller) {
                    askForHelp();
                }
                if (givesWay(caller, since)) {
                    return;
                }
            }
        } catch (Throwable thrown) {
            residents.end();
            fail(at == null ? -1 : at.number(), at == null ? 0 : at.block().faultThread, thrown);
        }
    }

    /**
     * The next block. The caller stays until all have ended: helpers may leave for other grids at any time, with blocks put back that
     * somebody has to go on with.
     */
    private ResidentBlocks.@Nullable Resident take(ResidentBlocks residents, boolean caller) {
        ResidentBlocks.Resident next = residents.take();
        while (next == null && caller && residents.await()) {
            requireNotCancelled(!isStopped());
            next = residents.take();
        }
        return next;
    }

    private static void requireNotCancelled(boolean wanted) {
        if (!wanted) {
            throw new KernelFault(CudaStatus.LAUNCH_TIMEOUT, "cancelled");
        }
    }

    private void workInOrder(boolean caller) {
        ThreadBlock block = null;
        long at = -1;
        long since = System.nanoTime();
        try {
            block = STATE.get();
            if (caller) {
                beginAlone();
            }
            BooleanSupplier stop = caller ? this::pollAlone : this::isStopped;
            block.begin(launch, stop);
            BlockScheduler scheduler = new BlockScheduler(launch, block);
            long begun = since;
            long most = 1;
            while (true) {
                int some = some(most);
                at = next.getAndAdd(some);
                if (at >= blocks || at < 0) {
                    break;
                }
                for (long end = Math.min(blocks, at + some); at < end; ) {
                    requireNotCancelled(!isStopped());
                    block.place(at);
                    at += scheduler.run(end - at);
                    if (caller) {
                        askForHelp();
                    }
                }
                long now = System.nanoTime();
                most = BLOCKS_NANOS * some / Math.max(1, now - begun);
                begun = now;
                if (givesWay(caller, since)) {
                    return;
                }
            }
        } catch (Throwable thrown) {
            fail(block == null ? at : at + block.takePassed(), block == null ? 0 : block.faultThread, thrown);
            if (thrown instanceof Error) {
                STATE.remove(); // Half a state is none: the next launch makes a new one.
            }
        } finally {
            if (block != null) {
                block.end();
            }
        }
    }

    /** How many blocks to take at once: few while the rest would not keep all workers busy for long, and while their cost is unknown. */
    private int some(long most) {
        long done = next.get();
        long few = Math.min(done, blocks - done) / (16L * (HELPERS + 1));
        return Math.clamp(Math.min(few, most), 1, MOST_BLOCKS);
    }

    /** What the caller's blocks poll: one that takes long must not keep the others from being begun. */
    private boolean pollAlone() {
        askForHelp();
        return isStopped();
    }

    private void beginAlone() {
        alone = HELPERS > 0 && blocks > 1;
        start = alone ? System.nanoTime() : 0;
    }

    private void askForHelp() {
        if (alone && System.nanoTime() - start > ALONE_NANOS) {
            alone = false;
            long useful = residents == null ? blocks - next.get() : residents.useful();
            for (int i = 0; i < Math.min(HELPERS, useful); i++) {
                POOL.execute(helper);
            }
        }
    }

    private boolean isStopped() {
        return failed || launch.cancellation().getAsBoolean();
    }

    /** Keeps the first failure. Allocates nothing: the heap may be what is exhausted. */
    private synchronized void fail(long block, int thread, Throwable thrown) {
        next.set(blocks);
        if (failure == null) {
            failure = thrown;
            failedBlock = block;
            failedThread = thread;
            failed = true;
        }
    }
}
