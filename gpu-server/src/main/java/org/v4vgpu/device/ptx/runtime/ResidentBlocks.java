package org.v4vgpu.device.ptx.runtime;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.LaunchShape;

/**
 * The blocks of a launch whose threads wait in spin loops for what other blocks do: a block that waits is put aside with all that its
 * threads keep, and another one runs. New blocks are begun once every block that is there has had its turn and none has ended; at
 * once where the kernel knows a barrier of the whole grid, which all have to reach. Safe for any thread; a block belongs to the worker that
 * took it until it puts it back.
 *
 * <p>What all grids of the process put aside comes out of one budget. Where that is used up a grid goes on with the blocks that it has,
 * with one at least; one with a barrier of the whole grid waits at its start until it can have all.
 */
final class ResidentBlocks {
    static final HeapBudget BUDGET = HeapBudget.ofHeap(4, 512L << 20);

    /** How often who waits looks whether the launch is still wanted. */
    private static final long TICK_NANOS = 10_000_000;

    private static final int MOST_BLOCKS = 4096;

    /** A block that has begun. */
    record Resident(long number, ThreadBlock block, BlockScheduler scheduler) {}

    private final Launch launch;
    private final HeapBudget budget;
    private final BooleanSupplier stop;
    private final boolean together;
    private final long blockBytes;
    private final long blocks;
    private final long most;

    // Guarded by this.
    private final Deque<Resident> waiting = new ArrayDeque<>();
    private final Deque<ThreadBlock> unused = new ArrayDeque<>();
    private long next;
    private long resident;
    private long paid;
    private long turns;
    private boolean ended;
    private int waiters;

    /**
     * The blocks of a launch. Where all have to be there at once, it waits for the budget.
     *
     * @param budget of all grids
     * @param stop polled by the blocks; ends them when it answers true
     */
    ResidentBlocks(Launch launch, HeapBudget budget, BooleanSupplier stop) {
        this.launch = launch;
        this.budget = budget;
        this.together = launch.plan().needs().contains(KernelPlan.Need.WORKSPACE);
        this.blockBytes = blockBytes(launch.plan(), launch.shape());
        this.stop = stop;
        this.blocks = launch.shape().blocks();
        this.most = most(launch.plan(), launch.shape());
    }

    /** How many blocks can wait for each other. */
    static long most(KernelPlan plan, LaunchShape shape) {
        return Math.clamp(BUDGET.mostBytes() / blockBytes(plan, shape), 2, MOST_BLOCKS);
    }

    private static long blockBytes(KernelPlan plan, LaunchShape shape) {
        return (long) plan.sharedBytes()
                + shape.sharedBytes()
                + shape.threadsPerBlock() * (plan.threadBytes() + 64)
                + 1024;
    }

    /**
     * Pays for all blocks of a grid that waits for itself, so that two of them don't hold what the other one needs. Nothing to do for
     * others. Before the first block is taken; answers false if the launch was stopped meanwhile.
     */
    boolean payTogether() {
        if (!together) {
            return true;
        }
        long bytes = blocks * blockBytes;
        boolean interrupted = false;
        boolean taken = bytes > budget.mostBytes();
        if (taken) {
            budget.insist(bytes); // Two blocks are run whatever they take.
        }
        while (!taken && !stop.getAsBoolean()) {
            try {
                taken = budget.take(bytes, TICK_NANOS);
            } catch (InterruptedException _) {
                interrupted = true; // cancel() is what ends a launch.
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            paid = taken ? blocks : 0;
        }
        return taken;
    }

    /** Gives back what was paid, once no worker is inside any more. */
    synchronized void release() {
        budget.give(paid * blockBytes);
        paid = 0;
    }

    /** The next block to run, or null when the rest is in the hands of other workers. */
    synchronized @Nullable Resident take() {
        if (ended) {
            return null;
        }
        boolean allWait = turns >= resident || together;
        if (next < blocks && resident < most && (waiting.isEmpty() || allWait) && pay()) {
            ThreadBlock block = unused.isEmpty() ? new ThreadBlock() : unused.pop();
            block.begin(launch, stop);
            block.place(next);
            resident++;
            turns = 0;
            BlockScheduler scheduler = new BlockScheduler(launch, block);
            scheduler.begin();
            return new Resident(next++, block, scheduler);
        }
        return waiting.poll();
    }

    /** Whether one more block may be there. */
    private boolean pay() {
        if (resident < paid) {
            return true;
        }
        if (budget.take(blockBytes)) {
            paid++;
            return true;
        }
        if (resident == 0) {
            budget.insist(blockBytes);
            paid++;
            return true;
        }
        return false;
    }

    /**
     * Waits a while until there may be something to take. Answers whether there is anything left that others may put back.
     */
    synchronized boolean await() {
        if (ended || (next >= blocks && resident == 0)) {
            return false;
        }
        waiters++;
        try {
            TimeUnit.NANOSECONDS.timedWait(this, TICK_NANOS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // cancel() is what ends a launch.
            Thread.onSpinWait();
        } finally {
            waiters--;
        }
        return true;
    }

    private void wake() {
        if (waiters > 0) {
            notifyAll();
        }
    }

    /** Puts a block aside. Answers whether all blocks that can run wait, perhaps for another worker. */
    synchronized boolean putBack(Resident block) {
        waiting.add(block);
        turns++;
        wake();
        return turns > resident;
    }

    synchronized void end(Resident block) {
        unused.push(block.block());
        resident--;
        turns = 0;
        wake();
    }

    /** Nothing is given out any more. */
    synchronized void end() {
        ended = true;
        wake();
    }

    /** How many workers more could find something to do. */
    synchronized long useful() {
        return blocks - next + waiting.size();
    }
}
