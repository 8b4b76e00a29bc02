package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** How a context ends: by close, by cancel, and who notices. */
interface FaultContract extends DeviceFixture {
    @Test
    default void closeWakesWhoWaits() throws Exception {
        DeviceContext dying = device().createContext(0);
        DeviceCopy held = dying.defaultStream().copyIn(dying.allocate(8), 8);
        wakesOnEndOf(dying, dying::close);
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> held.transfer(0, MemorySegment.ofArray(new byte[8])));
        held.close();
        assertEquals(0, device().usedBytes());
    }

    @Test
    default void cancelWakesWhoWaits() throws Exception {
        try (DeviceContext dying = device().createContext(0)) {
            DeviceCopy held = dying.defaultStream().copyIn(dying.allocate(8), 8);
            wakesOnEndOf(dying, dying::cancel);
            held.close();
        }
    }

    private static void wakesOnEndOf(DeviceContext dying, Runnable end) throws Exception {
        DeviceStream stream = dying.defaultStream();
        DeviceEvent event = dying.createEvent(0);
        stream.record(event);
        while (stream.awaitSpace(0)) {
            stream.record(event);
        }
        CountDownLatch begun = new CountDownLatch(4);
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Future<?>[] waits = {
                threads.submit(() -> {
                    begun.countDown();
                    return dying.await(LONG);
                }),
                threads.submit(() -> {
                    begun.countDown();
                    return stream.await(LONG);
                }),
                threads.submit(() -> {
                    begun.countDown();
                    return event.await(LONG);
                }),
                threads.submit(() -> {
                    begun.countDown();
                    return stream.awaitSpace(LONG);
                })
            };
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            long start = System.nanoTime();
            end.run();
            for (Future<?> wait : waits) {
                ExecutionException thrown =
                        assertThrows(ExecutionException.class, () -> wait.get(10, TimeUnit.SECONDS));
                assertEquals(
                        CudaStatus.CONTEXT_IS_DESTROYED,
                        assertInstanceOf(DeviceException.class, thrown.getCause())
                                .status(),
                        String.valueOf(thrown.getCause()));
            }
            long millis = (System.nanoTime() - start) / 1_000_000;
            assertTrue(millis < 500, () -> "woke after " + millis + " ms");
        }
    }

    @Test
    default void closedContextAnswersNothingElse() throws DeviceException {
        DeviceContext closed = device().createContext(0);
        DeviceStream stream = closed.createStream(0, 0);
        DeviceEvent event = closed.createEvent(0);
        long address = closed.allocate(4096);
        closed.close();
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.allocate(1));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.free(address));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.memoryInfo());
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.await(0));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.createStream(0, 0));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.createEvent(0));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> closed.loadModule(MemorySegment.ofArray(new byte[9])));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> stream.fill(address, 1, 1, 1));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> stream.copyIn(address, 1));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> stream.isIdle());
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> stream.record(event));
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> event.isDone());
        stream.close();
        event.close();
    }

    @Test
    default void closingTheDeviceClosesItsContexts() throws DeviceException {
        DeviceContext other = device().createContext(0);
        other.allocate(4096);
        device().close();
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> other.await(0));
        assertStatus(CudaStatus.DEINITIALIZED, () -> device().createContext(0));
        assertEquals(0, device().usedBytes());
    }

    @Test
    default void interruptedThreadWaitsOn() throws Exception {
        long address = context().allocate(8);
        try (ExecutorService threads = Executors.newSingleThreadExecutor();
                DeviceStream stream = independentStream()) {
            DeviceCopy held = stream.copyIn(address, 8);
            CountDownLatch begun = new CountDownLatch(1);
            Future<Boolean> wait = threads.submit(() -> {
                Thread.currentThread().interrupt();
                begun.countDown();
                return stream.await(LONG) && Thread.interrupted();
            });
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            held.close();
            assertTrue(wait.get(10, TimeUnit.SECONDS), "the wait ended early or lost the interrupt");
        }
    }

    @Test
    default void illegalAddressBreaksItsContextOnly() throws DeviceException {
        try (DeviceContext broken = device().createContext(0)) {
            DeviceFunction store =
                    broken.loadModule(Kernels.image(Kernels.STORE)).function("store");
            long address = broken.allocate(4);
            DeviceEvent event = broken.createEvent(0);
            DeviceStream stream = broken.createStream(0, 0);
            stream.launch(
                    store,
                    LaunchContract.ONE_THREAD,
                    Kernels.parameters(store, context().allocate(4)));
            DeviceException thrown = assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> broken.await(LONG));
            assertTrue(String.valueOf(thrown.getMessage()).contains("store"), thrown.getMessage());
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> broken.allocate(4));
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> broken.free(address));
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> broken.memoryInfo());
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> stream.fill(address, 4, 0, 1));
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> stream.isIdle());
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> event.isDone());
            assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> broken.await(0));
            LaunchContract.addsVectors(context(), stream(), 1000);
            stream.close();
            event.close();
        }
        LaunchContract.addsVectors(context(), stream(), 1000);
    }

    @Test
    default void closeEndsAnEndlessKernel() throws DeviceException {
        DeviceContext dying = device().createContext(0);
        launchEndless(dying);
        assertEndsSoon(dying::close);
        assertEquals(0, dying.usedBytes());
        LaunchContract.addsVectors(context(), stream(), 1000);
    }

    @Test
    default void cancelEndsAnEndlessKernel() throws DeviceException {
        try (DeviceContext dying = device().createContext(0)) {
            launchEndless(dying);
            LaunchContract.addsVectors(context(), stream(), 1000);
            long start = System.nanoTime();
            dying.cancel();
            assertTrue(System.nanoTime() - start < 500_000_000, "cancel waits for nothing");
            assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> dying.await(LONG));
            assertEndsSoon(dying::close);
        }
    }

    private static void launchEndless(DeviceContext context) throws DeviceException {
        long flag = context.allocate(4);
        context.defaultStream().fill(flag, 4, 0, 1);
        DeviceFunction endless =
                context.loadModule(Kernels.image(Kernels.ENDLESS)).function("endless");
        LaunchShape wide = new LaunchShape(64, 1, 1, 64, 1, 1, 0);
        context.defaultStream().launch(endless, wide, Kernels.parameters(endless, flag));
        context.createStream(1, 0).launch(endless, LaunchContract.ONE_THREAD, Kernels.parameters(endless, flag));
        context.defaultStream().launch(endless, wide, Kernels.parameters(endless, flag));
        assertFalse(context.await(TICK));
    }

    private static void assertEndsSoon(Runnable end) {
        long start = System.nanoTime();
        end.run();
        long millis = (System.nanoTime() - start) / 1_000_000;
        assertTrue(millis < 1000, () -> "ended after " + millis + " ms");
    }
}
