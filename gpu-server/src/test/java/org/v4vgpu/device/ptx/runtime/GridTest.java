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
import java.util.concurrent.locks.LockSupport;
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
        KernelPlan plan = new KernelPlan(
                "k", List.of(new SyncPoint(SyncPoint.Kind.NONE, false, 0, 1)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Set.of());
        Launch launch = new Launch(
                plan,
                code,
                new LaunchShape(100_000, 1, 1, 1, 1, 1, 0),
                new int[0],
                new GlobalWindow(new byte[0], 0, 0, new long[0], new long[0]),
                new long[0],
                null,
                0,
                () -> false,
                new PrintfOutput(new StringBuilder()),
                NOTHING_KNOWN,
                Checks.NONE);
        return assertThrows(DeviceException.class, new Grid(launch)::run);
    }

    private static void assumeHelpers() {
        Assumptions.assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs a second worker");
    }
}
