package org.v4vgpu.device.ptx.runtime;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.LaunchShape;

/**
 * The blocks of a launch whose threads wait in spin loops for what other blocks do: a block that waits is put aside with all that its
 * threads keep, and another one runs. New blocks are begun once every block that is there has had its turn and none has ended; at
 * once where the kernel knows a barrier of the whole grid, which all have to reach. Safe for any thread; a block belongs to the worker that
 * took it until it puts it back.
 */
final class ResidentBlocks {
    private static final long MOST_BYTES =
            Math.min(512L << 20, Runtime.getRuntime().maxMemory() / 4);
    private static final int MOST_BLOCKS = 4096;

    /** A block that has begun. */
    record Resident(long number, ThreadBlock block, BlockScheduler scheduler) {}

    private final Launch launch;
    private final BooleanSupplier stop;
    private final long blocks;
    private final long most;

    // Guarded by this.
    private final Deque<Resident> waiting = new ArrayDeque<>();
    private final Deque<ThreadBlock> unused = new ArrayDeque<>();
    private long next;
    private long resident;
    private long turns;
    private boolean ended;

    /** @param stop polled by the blocks; ends them when it answers true */
    ResidentBlocks(Launch launch, BooleanSupplier stop) {
        this.launch = launch;
        this.stop = stop;
        this.blocks = launch.shape().blocks();
        this.most = most(launch.plan(), launch.shape());
    }

    /** How many blocks can wait for each other. */
    static long most(KernelPlan plan, LaunchShape shape) {
        long bytes = (long) plan.sharedBytes()
                + shape.sharedBytes()
                + shape.threadsPerBlock() * (plan.threadBytes() + 64)
                + 1024;
        return Math.clamp(MOST_BYTES / bytes, 2, MOST_BLOCKS);
    }

    /** The next block to run, or null when the rest is in the hands of other workers. */
    synchronized @Nullable Resident take() {
        if (ended) {
            return null;
        }
        boolean allWait = turns >= resident || launch.plan().needs().contains(KernelPlan.Need.WORKSPACE);
        if (next < blocks && resident < most && (waiting.isEmpty() || allWait)) {
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

    /** Puts a block aside. Answers whether all blocks that can run wait, perhaps for another worker. */
    synchronized boolean putBack(Resident block) {
        waiting.add(block);
        turns++;
        return turns > resident && (next >= blocks || resident >= most);
    }

    synchronized void end(Resident block) {
        unused.push(block.block());
        resident--;
        turns = 0;
    }

    /** Nothing is given out any more. */
    synchronized void end() {
        ended = true;
    }

    /** How many workers more could find something to do. */
    synchronized long useful() {
        return blocks - next + waiting.size();
    }
}
