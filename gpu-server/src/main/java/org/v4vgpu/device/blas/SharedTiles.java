package org.v4vgpu.device.blas;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/** Tiles of a result that threads share until all are done; the first that fails ends the others. Stateless, safe for any thread. */
final class SharedTiles {
    /** One tile of the result. */
    interface Tile {
        void run(long tile) throws DeviceException;
    }

    private SharedTiles() {}

    /**
     * Runs all tiles and returns when no thread works at any of them, however it ends.
     *
     * @param threads how many work, the caller's among them
     */
    static void run(long tiles, int threads, ThreadFactory helpers, Tile work) throws DeviceException {
        if (tiles > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException("a product of " + tiles + " tiles");
        }
        AtomicInteger next = new AtomicInteger();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        Runnable worker = () -> {
            try {
                for (int tile = next.getAndIncrement(); tile < tiles; tile = next.getAndIncrement()) {
                    work.run(tile);
                }
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
                next.set(Integer.MAX_VALUE / 2);
            }
        };
        List<Thread> started = new ArrayList<>();
        try {
            for (int i = 1; i < Math.min(threads, tiles); i++) {
                Thread helper = helpers.newThread(worker);
                helper.start();
                started.add(helper);
            }
            worker.run();
        } finally {
            // Where a thread can't be started, the others stop at their next tile: they use memory that the caller
            // gives back.
            next.set(Integer.MAX_VALUE / 2);
            started.forEach(SharedTiles::join);
        }
        switch (failure.get()) {
            case null -> {}
            case DeviceException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }

    /** They end by themselves: an interrupt stays pending. */
    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
