package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** Workers that die: the launch fails, and nobody is left in its memory. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GridTest {
    private static final int WIDTH = 10_000;
    private static final int HEIGHT = 10;

    static final FaultContext NOTHING_KNOWN = new FaultContext() {
        @Override
        public @Nullable MemoryAccess accessAt(int line) {
            return null;
        }

        @Override
        public String sourceAt(int line) {
            return "";
        }

        @Override
        public String near(long address) {
            return "";
        }
    };

    private final CountDownLatch helped = new CountDownLatch(1);
    private final AtomicInteger inside = new AtomicInteger();

    /** What the JVM throws when it is in trouble; nothing that a kernel means. */
    private static final class Trouble extends Error {
        private static final long serialVersionUID = 1;
    }

    @Test
    void callersErrorWaitsForTheHelpers() {
        assumeHelpers();
        Thread caller = Thread.currentThread();
        AtomicBoolean helperDone = new AtomicBoolean();
        DeviceException thrown = launch(new Code() {
            @Override
            void block() {
                if (Thread.currentThread() != caller) {
                    helped.countDown();
                    LockSupport.parkNanos(300_000_000);
                    helperDone.set(true);
                } else if (helped.getCount() == 0) {
                    throw new Trouble();
                }
            }
        });
        assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
        assertEquals(0, inside.get());
        assertTrue(helperDone.get());
    }

    @Test
    void helpersErrorFailsTheLaunch() {
        assumeHelpers();
        Thread caller = Thread.currentThread();
        DeviceException thrown = launch(new Code() {
            @Override
            void block() {
                if (Thread.currentThread() != caller) {
                    helped.countDown();
                    throw new Trouble();
                }
            }
        });
        assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
        assertTrue(String.valueOf(thrown.getMessage()).contains("Trouble in kernel k, block ("), thrown.getMessage());
    }

    @Test
    void exhaustedHeapIsOutOfResources() {
        DeviceException thrown = launch(new Code() {
            @Override
            void block() {
                throw new OutOfMemoryError("test");
            }
        });
        assertEquals(CudaStatus.LAUNCH_OUT_OF_RESOURCES, thrown.status());
    }

    @Test
    void blocksThatRunInOneGoRunOnceEach() throws DeviceException {
        AtomicIntegerArray ran = new AtomicIntegerArray(WIDTH * HEIGHT);
        AtomicInteger calls = new AtomicInteger();
        grid(row(calls, block -> ran.incrementAndGet(block.ctaidY * WIDTH + block.ctaidX)), () -> false)
                .run();
        for (int block = 0; block < WIDTH * HEIGHT; block++) {
            assertEquals(1, ran.get(block), "block " + block);
        }
        assertTrue(calls.get() < WIDTH * HEIGHT / 2, calls + " calls");
    }

    @Test
    void aFaultAmidBlocksThatRunInOneGoIsThatOfItsBlock() {
        Grid grid = grid(
                row(new AtomicInteger(), block -> {
                    if (block.ctaidX == WIDTH / 2 && block.ctaidY == HEIGHT / 2) {
                        throw new KernelFault(CudaStatus.LAUNCH_FAILED, "wrong");
                    }
                }),
                () -> false);
        DeviceException thrown = assertThrows(DeviceException.class, grid::run);
        String place = "block (" + WIDTH / 2 + "," + HEIGHT / 2 + ",0)";
        assertTrue(String.valueOf(thrown.getMessage()).contains(place), thrown.getMessage());
    }

    /** They may take longer than those before them, from which it was told how many to run so. */
    @Test
    void blocksThatRunInOneGoPoll() {
        AtomicBoolean cancelled = new AtomicBoolean();
        AtomicInteger late = new AtomicInteger();
        AtomicInteger longest = new AtomicInteger();
        ThreadLocal<Integer> own = ThreadLocal.withInitial(() -> 0);
        Grid grid = grid(
                row(new AtomicInteger(), block -> {
                    if (block.following > 10) {
                        cancelled.set(true);
                    }
                    if (cancelled.get()) {
                        late.incrementAndGet();
                        own.set(own.get() + 1);
                        longest.accumulateAndGet(own.get(), Math::max);
                    }
                }),
                cancelled::get);
        DeviceException thrown = assertThrows(DeviceException.class, grid::run);
        assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status());
        assertTrue(late.get() > 0 && longest.get() <= 8, longest + " blocks of a worker");
    }

    /** Runs as many blocks in one go as it may. */
    private static CompiledKernel row(AtomicInteger calls, Consumer<ThreadBlock> block) {
        return new CompiledKernel() {
            @Override
            boolean begin(ThreadBlock first) {
                return true;
            }

            @Override
            public int run(int entry, ThreadBlock state, int from, int to, int expected) {
                calls.incrementAndGet();
                do {
                    block.accept(state);
                } while (state.goOn());
                return EXITED;
            }
        };
    }

    private abstract class Code extends CompiledKernel {
        abstract void block();

        @Override
        public int run(int entry, ThreadBlock block, int from, int to, int expected) {
            inside.incrementAndGet();
            try {
                LockSupport.parkNanos(100_000); // Longer than a caller stays alone.
                block();
                return EXITED;
            } finally {
                inside.decrementAndGet();
            }
        }
    }

    private static DeviceException launch(CompiledKernel code) {
        return assertThrows(DeviceException.class, grid(code, () -> false)::run);
    }

    private static Grid grid(CompiledKernel code, BooleanSupplier cancellation) {
        KernelPlan plan = new KernelPlan(
                "k", List.of(new SyncPoint(SyncPoint.Kind.NONE, false, 0, 1)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of());
        Launch launch = new Launch(
                plan,
                code,
                new LaunchShape(WIDTH, HEIGHT, 1, 1, 1, 1, 0),
                new int[0],
                new GlobalWindow(new byte[0], 0, 0, new long[0], new long[0]),
                new long[0],
                null,
                0,
                cancellation,
                new PrintfOutput(new StringBuilder()),
                NOTHING_KNOWN,
                Checks.NONE);
        return new Grid(launch);
    }

    private static void assumeHelpers() {
        Assumptions.assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs a second worker");
    }
}
