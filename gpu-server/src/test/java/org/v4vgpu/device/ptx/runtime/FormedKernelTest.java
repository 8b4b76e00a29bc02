package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How the second form is asked for. What it does is StripKernelTest's. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FormedKernelTest {
    private static final int[] WIDTHS = {Strips.THREADS};

    private static final CompiledKernel SINGLE = new CompiledKernel() {
        @Override
        public int run(int entry, ThreadBlock block, int from, int to, int expected) {
            return EXITED;
        }
    };

    /** A block that has run for 20 ms: then the kernel is worth its second form. */
    private static void runLong(FormedKernel kernel) {
        runLong(kernel, Strips.THREADS);
    }

    private static void runLong(FormedKernel kernel, int ntidX) {
        ThreadBlock block = new ThreadBlock();
        block.ntidX = ntidX;
        kernel.begin(block);
        block.trialStart -= 20_000_000;
        kernel.end(block, 1);
    }

    @Test
    void oneThreadMakesTheFormsOfAllKernels() throws InterruptedException {
        LinkedBlockingQueue<Thread> makers = new LinkedBlockingQueue<>();
        for (int i = 0; i < 5; i++) {
            runLong(new FormedKernel(SINGLE, WIDTHS, (_, _) -> {
                makers.add(Thread.currentThread());
                return null;
            }));
        }
        List<Thread> found = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            found.add(makers.take());
        }
        assertEquals(1, new HashSet<>(found).size());
        assertTrue(found.getFirst().isDaemon());
        assertEquals(Thread.MIN_PRIORITY, found.getFirst().getPriority());
    }

    /** Of those that wait; what is turned away asks again. */
    @Test
    void onlySoManyKernelsWait() throws InterruptedException {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch made = new CountDownLatch(FormedKernel.MOST_WAITING);
        runLong(new FormedKernel(SINGLE, WIDTHS, (_, _) -> {
            busy.countDown();
            awaitQuietly(go);
            return null;
        }));
        busy.await();
        for (int i = 0; i < FormedKernel.MOST_WAITING; i++) {
            runLong(new FormedKernel(SINGLE, WIDTHS, (_, _) -> {
                made.countDown();
                return null;
            }));
        }
        CountDownLatch asked = new CountDownLatch(1);
        FormedKernel late = new FormedKernel(SINGLE, WIDTHS, (_, _) -> {
            asked.countDown();
            return null;
        });
        runLong(late);
        go.countDown();
        made.await();
        assertEquals(1, asked.getCount());
        runLong(late);
        asked.await();
    }

    @Test
    void narrowStripsAreNextWhereThereAreNoWideOnes() throws InterruptedException {
        LinkedBlockingQueue<Integer> asked = new LinkedBlockingQueue<>();
        FormedKernel kernel = new FormedKernel(SINGLE, new int[] {Strips.WARP, Strips.THREADS}, (threads, _) -> {
            asked.add(threads);
            return null;
        });
        runLong(kernel, Strips.WARP);
        assertEquals(Strips.WARP, asked.take());
        assertEquals(Strips.THREADS, asked.take());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stop) {
            throw new AssertionError(stop);
        }
    }

    @Test
    void goesOnWithTheFirstFormWhereMakingTheSecondFails() throws InterruptedException {
        AtomicInteger asked = new AtomicInteger();
        FormedKernel kernel = new FormedKernel(SINGLE, WIDTHS, (_, _) -> {
            asked.incrementAndGet();
            throw new StackOverflowError();
        });
        runLong(kernel);
        LinkedBlockingQueue<Thread> next = new LinkedBlockingQueue<>();
        runLong(new FormedKernel(SINGLE, WIDTHS, (_, _) -> {
            next.add(Thread.currentThread());
            return null;
        }));
        next.take();
        ThreadBlock block = new ThreadBlock();
        block.ntidX = Strips.THREADS;
        kernel.begin(block);
        assertEquals(FormTrial.Part.NONE, block.part);
        assertFalse(block.inStrips);
        assertFalse(kernel.use(true));
        assertEquals(1, asked.get());
    }
}
