package org.v4vgpu.bench.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Shares loops over arrays among as many threads as the machine has processors, which is as many as the software device takes. One
 * thread calls it.
 */
public final class JavaLoops implements AutoCloseable {
    /** More than threads, so that one that was interrupted does not hold up the end. */
    private static final int PIECES_PER_THREAD = 4;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private final ExecutorService executor = Executors.newFixedThreadPool(threads);

    /** A part of a loop. */
    interface Piece {
        void run(int from, int to);
    }

    /** Runs a loop from 0 to a number, in pieces, and waits. */
    void share(int count, Piece piece) {
        int pieces = Math.min(count, threads * PIECES_PER_THREAD);
        List<Callable<Object>> tasks = new ArrayList<>();
        for (int i = 0; i < pieces; i++) {
            int from = (int) ((long) count * i / pieces);
            int to = (int) ((long) count * (i + 1) / pieces);
            tasks.add(Executors.callable(() -> piece.run(from, to)));
        }
        try {
            for (Future<Object> task : executor.invokeAll(tasks)) {
                task.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        executor.close();
    }
}
