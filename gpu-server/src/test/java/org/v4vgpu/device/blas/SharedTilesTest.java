package org.v4vgpu.device.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedTilesTest {
    private static final int TILES = 1000;

    private final List<Thread> helpers = new ArrayList<>();
    private final ThreadFactory factory = work -> {
        Thread helper = Thread.ofPlatform().daemon().unstarted(work);
        helpers.add(helper);
        return helper;
    };

    @Test
    void runsEachTileOnce() throws DeviceException {
        AtomicIntegerArray ran = new AtomicIntegerArray(TILES);
        SharedTiles.run(TILES, 4, factory, tile -> ran.incrementAndGet((int) tile));
        for (int i = 0; i < TILES; i++) {
            assertEquals(1, ran.get(i));
        }
        assertEquals(3, helpers.size());
        assertNoneWorks();
    }

    @Test
    void endsWithTheFirstFailure() {
        DeviceException failure = assertThrows(
                DeviceException.class,
                () -> SharedTiles.run(TILES, 4, factory, tile -> {
                    throw new DeviceException(CudaStatus.INVALID_VALUE, "tile");
                }));
        assertEquals("tile", failure.getMessage());
        assertNoneWorks();
    }

    /** The first helper is in the middle of a tile when there is no thread for the second: its memory must not be given back. */
    @Test
    void waitsForThoseThatHaveBegunWhenOneCannotBeStarted() {
        Thread caller = Thread.currentThread();
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        ThreadFactory scarce = work -> helpers.isEmpty() ? factory.newThread(work) : new Unstartable(begun);
        assertThrows(
                OutOfMemoryError.class,
                () -> SharedTiles.run(TILES, 4, scarce, tile -> {
                    begun.incrementAndGet();
                    while (caller.getState() != Thread.State.WAITING) {
                        Thread.onSpinWait();
                    }
                    done.incrementAndGet();
                }));
        assertEquals(1, begun.get());
        assertEquals(1, done.get());
        assertNoneWorks();
    }

    private void assertNoneWorks() {
        helpers.forEach(helper -> assertFalse(helper.isAlive()));
    }

    /** What the JVM answers when the machine has no more threads, once the other helper works. */
    private static final class Unstartable extends Thread {
        private final AtomicInteger begun;

        Unstartable(AtomicInteger begun) {
            this.begun = begun;
        }

        @Override
        public void start() {
            while (begun.get() == 0) {
                Thread.onSpinWait();
            }
            throw new OutOfMemoryError("unable to create native thread");
        }
    }
}
