package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.device.software.StreamQueue.Order;
import org.v4vgpu.proto.CudaStatus;

/** Runners, faults and the end of a scheduler, with operations in place of kernels. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // waits here ignore interrupts
final class SchedulerTest {
    private static final String NAME = "scheduler under test";
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);

    private final AtomicInteger releases = new AtomicInteger();
    private final Scheduler scheduler = new Scheduler(NAME, releases::incrementAndGet, TimeUnit.SECONDS.toNanos(10));

    @AfterEach
    void leavesNoThread() {
        scheduler.close();
        assertEquals(1, releases.get());
        assertEquals(0, threads(NAME));
    }

    @Test
    void longWorkNeverRunsOnTheCaller() throws Exception {
        StreamQueue one = scheduler.open(Order.NON_BLOCKING);
        StreamQueue other = scheduler.open(Order.NON_BLOCKING);
        Held first = new Held();
        scheduler.enqueue(one, first);
        assertFalse(scheduler.waits().enqueued(one).await(TICK));
        Held second = new Held();
        scheduler.enqueue(other, second);
        assertTrue(second.begun.await(10, TimeUnit.SECONDS), "two streams run side by side");
        first.end.countDown();
        second.end.countDown();
        assertTrue(scheduler.waits().enqueued().await(LONG));
        assertNotSame(Thread.currentThread(), first.thread);
    }

    @Test
    void shortWorkBehindLongWorkDoesNotRunOnTheCaller() throws Exception {
        StreamQueue queue = scheduler.open(Order.BLOCKING);
        Held first = new Held();
        scheduler.enqueue(queue, first);
        Step then = new Step(Kind.SHORT);
        scheduler.enqueue(queue, then);
        first.end.countDown();
        assertTrue(scheduler.waits().enqueued(queue).await(LONG));
        assertNotSame(Thread.currentThread(), then.thread);
    }

    @Test
    void moreStreamsThanRunnersTakeTurns() throws Exception {
        List<Held> all = new ArrayList<>();
        for (int i = 0; i < 3 * Runners.MAXIMUM; i++) {
            Held held = new Held();
            all.add(held);
            scheduler.enqueue(scheduler.open(Order.NON_BLOCKING), held);
        }
        for (int i = 0; i < all.size(); i++) {
            assertTrue(all.get(i).begun.await(10, TimeUnit.SECONDS));
            assertTrue(threads(NAME) <= Runners.MAXIMUM);
            all.get(i).end.countDown();
        }
        assertTrue(scheduler.waits().enqueued().await(LONG));
    }

    @Test
    void faultDropsWhatIsBehindAndStays() throws Exception {
        StreamQueue queue = scheduler.open(Order.NON_BLOCKING);
        StreamQueue other = scheduler.open(Order.NON_BLOCKING);
        Held running = new Held();
        scheduler.enqueue(other, running);
        Held first = new Held();
        first.fault = new DeviceException(CudaStatus.ILLEGAL_ADDRESS, "read of 0x10");
        scheduler.enqueue(queue, first);
        Step never = new Step(Kind.SHORT);
        scheduler.enqueue(queue, never);
        first.end.countDown();
        assertBroken(CudaStatus.ILLEGAL_ADDRESS, queue);
        assertTrue(running.end.await(10, TimeUnit.SECONDS), "the fault cancels what else runs");
        scheduler.cancel();
        assertBroken(CudaStatus.ILLEGAL_ADDRESS, queue);
        scheduler.close();
        assertBroken(CudaStatus.CONTEXT_IS_DESTROYED, queue);
        assertTrue(never.isOver());
        assertNull(never.thread);
    }

    @Test
    void failureOfOurOwnIsALaunchFailure() throws Exception {
        StreamQueue queue = scheduler.open(Order.NON_BLOCKING);
        scheduler.enqueue(queue, new Operation(Kind.LONG) {
            @Override
            void run() {
                throw new AssertionError("on purpose");
            }
        });
        assertBroken(CudaStatus.LAUNCH_FAILED, queue);
    }

    @Test
    void errorThatIsNotFatalBreaksTheContextAllTheSame() throws Exception {
        StreamQueue queue = scheduler.open(Order.NON_BLOCKING);
        Held first = new Held();
        first.fault = new DeviceException(CudaStatus.OUT_OF_MEMORY, "no heap for shared memory");
        first.end.countDown();
        scheduler.enqueue(queue, first);
        assertBroken(CudaStatus.LAUNCH_FAILED, queue);
    }

    @Test
    void closeCancelsWhatRunsAndWaitsForIt() throws Exception {
        Held running = new Held();
        scheduler.enqueue(scheduler.open(Order.BLOCKING), running);
        Step behind = new Step(Kind.LONG);
        scheduler.enqueue(scheduler.open(Order.DEFAULT), behind);
        assertTrue(running.begun.await(10, TimeUnit.SECONDS));
        scheduler.close();
        assertTrue(running.isOver());
        assertNull(behind.thread);
        assertEquals(1, releases.get());
    }

    @Test
    void memoryIsReleasedByWorkThatIgnoresItsCancellation() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        Scheduler impatient = new Scheduler(NAME + " impatient", released::countDown, TICK);
        Held stubborn = new Held();
        stubborn.obeys = false;
        scheduler.enqueue(scheduler.open(Order.DEFAULT), new Step(Kind.LONG));
        impatient.enqueue(impatient.open(Order.DEFAULT), stubborn);
        impatient.close();
        assertEquals(1, released.getCount(), "released under a running operation");
        stubborn.end.countDown();
        assertTrue(released.await(10, TimeUnit.SECONDS));
        Thread runner = stubborn.thread;
        assertTrue(runner != null && runner.join(Duration.ofSeconds(10)));
    }

    @Test
    void memoryStaysWhileItIsAccessed() throws Exception {
        scheduler.beginAccess();
        Thread closer = Thread.ofPlatform().start(scheduler::close);
        assertFalse(closer.join(Duration.ofMillis(20)));
        assertEquals(0, releases.get());
        scheduler.endAccess(null);
        assertTrue(closer.join(Duration.ofSeconds(10)));
        assertEquals(1, releases.get());
        assertThrows(DeviceException.class, scheduler::beginAccess);
    }

    private void assertBroken(CudaStatus status, StreamQueue queue) {
        DeviceException thrown = assertThrows(
                DeviceException.class, () -> scheduler.waits().enqueued(queue).await(LONG));
        assertEquals(status, thrown.status());
        assertEquals(
                status,
                assertThrows(DeviceException.class, () -> scheduler.enqueue(queue, new Step(Kind.MARK)))
                        .status());
        assertEquals(
                status,
                assertThrows(DeviceException.class, () -> scheduler.waits().isIdle(queue))
                        .status());
    }

    private static long threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(prefix + " runner"))
                .count();
    }

    /** Remembers who ran it. */
    private static class Step extends Operation {
        volatile @Nullable Thread thread;

        Step(Kind kind) {
            super(kind);
        }

        @Override
        void run() throws DeviceException {
            thread = Thread.currentThread();
        }
    }

    /** Runs until it is told to end or cancelled, and then fails if it shall. */
    private static final class Held extends Step {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch end = new CountDownLatch(1);
        volatile @Nullable DeviceException fault;
        volatile boolean obeys = true;

        Held() {
            super(Kind.LONG);
        }

        @Override
        void run() throws DeviceException {
            super.run();
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            DeviceException cause = fault;
            if (cause != null) {
                throw cause;
            }
        }

        @Override
        void cancel() {
            if (obeys) {
                end.countDown();
            }
        }
    }
}
