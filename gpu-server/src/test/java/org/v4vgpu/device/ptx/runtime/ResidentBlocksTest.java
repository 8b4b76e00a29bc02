package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.LaunchShape;

/** What grids put aside comes out of one budget. */
@Timeout(60)
class ResidentBlocksTest {
    /** Of 32 threads that keep nothing. */
    private static final long BLOCK_BYTES = 32 * 64 + 1024;

    private final HeapBudget budget = new HeapBudget(3 * BLOCK_BYTES);
    private final AtomicBoolean stopped = new AtomicBoolean();

    @Test
    void gridsGoOnWithWhatIsLeftAndWithOneBlockAtLeast() {
        ResidentBlocks first = grid(10, Set.of());
        List<ResidentBlocks.Resident> taken = List.of(taken(first), taken(first), taken(first));
        assertNull(first.take(), "a fourth");
        ResidentBlocks second = grid(10, Set.of());
        ResidentBlocks.Resident only = taken(second);
        assertNull(second.take(), "a second");
        assertEquals(4 * BLOCK_BYTES, budget.usedBytes());

        first.end(taken.getFirst());
        assertNotNull(first.take(), "in the place of one that has ended");
        second.putBack(only);
        assertEquals(only, second.take());
        assertTrue(first.await() && second.await());
        first.release();
        assertNotNull(second.take(), "of what the first grid has given back");
        second.release();
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void aGridThatWaitsForItselfWaitsUntilItCanHaveAll() throws Exception {
        ResidentBlocks first = grid(10, Set.of());
        taken(first);
        ResidentBlocks together = grid(3, Set.of(KernelPlan.Need.WORKSPACE));
        FutureTask<Boolean> paying = new FutureTask<>(together::payTogether);
        Thread thread = Thread.ofPlatform().start(paying);
        while (thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertFalse(paying.isDone());
        first.release();
        assertTrue(paying.get());
        assertEquals(3 * BLOCK_BYTES, budget.usedBytes());
        taken(together);
        taken(together);
        taken(together);
        together.release();
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void aGridThatIsStoppedPaysNothing() {
        budget.insist(3 * BLOCK_BYTES);
        stopped.set(true);
        ResidentBlocks together = grid(2, Set.of(KernelPlan.Need.WORKSPACE));
        assertFalse(together.payTogether());
        together.release();
        assertEquals(3 * BLOCK_BYTES, budget.usedBytes());
    }

    private static ResidentBlocks.Resident taken(ResidentBlocks blocks) {
        ResidentBlocks.Resident taken = blocks.take();
        assertNotNull(taken);
        return taken;
    }

    private ResidentBlocks grid(int blocks, Set<KernelPlan.Need> needs) {
        List<SyncPoint> points = List.of(
                new SyncPoint(SyncPoint.Kind.NONE, false, 0, 1), new SyncPoint(SyncPoint.Kind.SPIN, false, 0, 2));
        KernelPlan plan = new KernelPlan("k", points, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, needs);
        CompiledKernel code = new CompiledKernel() {
            @Override
            public int run(int entry, ThreadBlock block, int from, int to, int expected) {
                return EXITED;
            }
        };
        Launch launch = new Launch(
                plan,
                code,
                new LaunchShape(blocks, 1, 1, 32, 1, 1, 0),
                new int[0],
                new GlobalWindow(new byte[0], 0, 0, new long[0], new long[0]),
                new long[0],
                null,
                0,
                () -> false,
                new PrintfOutput(new StringBuilder()),
                GridTest.NOTHING_KNOWN,
                Checks.NONE);
        return new ResidentBlocks(launch, budget, stopped::get);
    }
}
