package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** What a copy between two contexts keeps from going while it waits or runs, and what it does not hold up; as the stand-in driver sees it. */
final class PeerCopyTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final LaunchShape ONE_THREAD = new LaunchShape(1, 1, 1, 1, 1, 1, 0);

    @BeforeAll
    static void needsTheStandIn() {
        assumeTrue(StandIn.isDriver(), "runs on the stand-in driver");
    }

    /** Else it would be another client's by the time of the copy. */
    @Test
    void memoryStaysForACopyThatWaitsInAnotherContext() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext one = device.createContext(0);
                DeviceContext two = device.createContext(0)) {
            long a = one.allocate(1000);
            DeviceStream stream = one.createStream(1, 0);
            DeviceStream inTwo = two.createStream(1, 0);
            long before = two.usedBytes();
            long plain = two.allocate(1000);
            long pooled = two.allocate(1000, inTwo);
            int memories = memories();
            try (DeviceHold _ = stream.hold(() -> {})) {
                assertTrue(stream.copy(two, plain, one, a, 1000));
                assertTrue(stream.copy(one, a, two, pooled, 1000));
                two.free(plain);
                two.free(pooled, inTwo);
                assertThrows(DeviceException.class, () -> two.free(plain), "freed twice");
                assertThrows(DeviceException.class, () -> stream.copy(two, plain, one, a, 1));
                assertFalse(two.await(1_000_000));
                assertEquals(memories, memories());
                assertEquals(before + 2000, two.usedBytes());
            }
            assertTrue(one.await(LONG), "the copies found what they use");
            assertTrue(two.await(LONG));
            assertEquals(before, two.usedBytes());
            two.free(two.allocate(1000, inTwo), inTwo);
            assertTrue(two.await(LONG));
            assertEquals(before, two.usedBytes(), "nothing waits for copies that are done");
        }
        assertEquals(Map.of(), StandIn.counts());
    }

    @Test
    void aContextStaysForACopyThatTheDriverHas() throws Exception {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext one = device.createContext(0)) {
            CudaContext two = (CudaContext) device.createContext(0);
            long flag = one.allocate(4);
            long a = one.allocate(1000);
            long b = two.allocate(1000);
            DeviceStream stream = one.createStream(1, 0);
            stream.fill(flag, 4, 0, 1);
            DeviceFunction function =
                    one.loadModule(Kernels.image(Kernels.ENDLESS)).function("endless");
            stream.launch(function, ONE_THREAD, Kernels.parameters(function, flag));
            assertTrue(stream.copy(two, b, one, a, 1000));
            two.free(b);
            assertFalse(two.await(1_000_000));
            FutureTask<Boolean> closing = new FutureTask<>(() -> {
                two.close();
                return true;
            });
            Thread.ofPlatform().start(closing);
            while (!two.isBroken()) {
                Thread.onSpinWait();
            }
            Thread.sleep(50);
            assertFalse(closing.isDone());
            assertEquals(2, StandIn.counts().get("context"));
            one.defaultStream().fill(flag, 4, 1, 1); // ends the kernel
            assertTrue(closing.get(10, TimeUnit.SECONDS));
            assertEquals(1, StandIn.counts().get("context"));
            assertTrue(one.await(LONG));
        }
    }

    /** A copy that has not begun does not keep a context; its own context can't go on without it, and others can. */
    @Test
    void aCopyToAContextThatIsClosedMeanwhileNeverBegins() throws DeviceException {
        List<DeviceException> endsTheProcess = new CopyOnWriteArrayList<>();
        try (CudaDevice device = CudaDevice.open(0, endsTheProcess::add);
                DeviceContext one = device.createContext(0)) {
            DeviceContext two = device.createContext(0);
            long a = one.allocate(1000);
            long b = two.allocate(1000);
            try (DeviceHold _ = one.defaultStream().hold(() -> {})) {
                assertTrue(one.defaultStream().copy(two, b, one, a, 1000));
                two.close();
                assertEquals(1, StandIn.counts().get("context"));
            }
            DeviceException thrown = assertThrows(DeviceException.class, () -> one.await(LONG));
            assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
            assertThrows(DeviceException.class, one::memoryInfo);
            assertEquals(List.of(), endsTheProcess);
        }
        assertEquals(Map.of(), StandIn.counts());
    }

    /** Two that are lent to each other and destroyed would wait for each other for ever. */
    @Test
    void lendingDoesNotWaitForWhoIsAboutToDestroyTheContext() throws Exception {
        try (CudaDevice device = CudaDevice.open(0, _ -> {})) {
            CudaContext context = (CudaContext) device.createContext(0);
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            FutureTask<Boolean> using = new FutureTask<>(() -> {
                context.lend(() -> {
                    inside.countDown();
                    awaitUnchecked(end);
                });
                return true;
            });
            Thread.ofPlatform().start(using);
            assertTrue(inside.await(10, TimeUnit.SECONDS));
            Thread closing = Thread.ofPlatform().start(context::close);
            while (!context.isBroken()) {
                Thread.onSpinWait();
            }
            Thread.sleep(50); // the destroyer queues behind the use
            FutureTask<CudaStatus> lent =
                    new FutureTask<>(() -> assertThrows(DeviceException.class, () -> context.lend(() -> {}))
                            .status());
            Thread.ofPlatform().start(lent);
            try {
                assertEquals(CudaStatus.INVALID_CONTEXT, lent.get(5, TimeUnit.SECONDS));
            } finally {
                end.countDown();
            }
            assertTrue(using.get(10, TimeUnit.SECONDS));
            closing.join();
        }
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An assert breaks its context and no other: what it had goes with it, its pool as well. */
    @Test
    void aBrokenContextWithAPoolIsDestroyed() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext other = device.createContext(0)) {
            CudaContext context = (CudaContext) device.createContext(0);
            context.allocate(1000, context.defaultStream());
            context.call(() -> StandIn.fault(CudaStatus.ASSERT.code()));
            assertThrows(DeviceException.class, () -> context.allocate(4));
            context.close();
            assertEquals(1, StandIn.counts().get("context"));
            assertEquals(null, StandIn.counts().get("memory"));
            assertEquals(0, device.usedBytes());
            assertTrue(other.await(LONG));
        }
        assertEquals(Map.of(), StandIn.counts());
    }

    private static int memories() {
        return StandIn.counts().getOrDefault("memory", 0);
    }
}
