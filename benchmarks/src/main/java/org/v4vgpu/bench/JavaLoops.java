package org.v4vgpu.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.DoubleAdder;

/**
 * What kernels are held against: the same work as straightforward loops over arrays, shared by as many threads as the machine has
 * processors, which is as many as the software device takes. One thread calls it.
 */
final class JavaLoops implements AutoCloseable {
    /** More than threads, so that one that was interrupted does not hold up the end. */
    private static final int PIECES_PER_THREAD = 4;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private final ExecutorService executor = Executors.newFixedThreadPool(threads);

    private interface Piece {
        void run(int from, int to);
    }

    /** c = a * b, square and by rows; in the order in which the innermost loop walks along rows. */
    void multiply(float[] a, float[] b, float[] c, int n) {
        share(n, (from, to) -> {
            for (int row = from; row < to; row++) {
                Arrays.fill(c, row * n, row * n + n, 0);
                for (int k = 0; k < n; k++) {
                    float factor = a[row * n + k];
                    for (int column = 0; column < n; column++) {
                        c[row * n + column] += factor * b[k * n + column];
                    }
                }
            }
        });
    }

    /** One iteration of the heat stencil on a square field. */
    void iterate(float[] in, float[] out, int n) {
        share(n, (from, to) -> {
            for (int y = from; y < to; y++) {
                if (y == 0 || y == n - 1) {
                    System.arraycopy(in, y * n, out, y * n, n);
                    continue;
                }
                out[y * n] = in[y * n];
                for (int i = y * n + 1; i < y * n + n - 1; i++) {
                    out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]);
                }
                out[y * n + n - 1] = in[y * n + n - 1];
            }
        });
    }

    /** sum = a + b. */
    void add(float[] a, float[] b, float[] sum) {
        share(sum.length, (from, to) -> {
            for (int i = from; i < to; i++) {
                sum[i] = a[i] + b[i];
            }
        });
    }

    /** The sum of all, in single precision within each piece. */
    double sum(float[] in) {
        DoubleAdder total = new DoubleAdder();
        share(in.length, (from, to) -> {
            float sum = 0;
            for (int i = from; i < to; i++) {
                sum += in[i];
            }
            total.add(sum);
        });
        return total.sum();
    }

    /** What barriers.ptx does: a loop over the block's threads for each part between two barriers. */
    void passOn(int[] out, int block, int rounds) {
        share(out.length / block, (from, to) -> {
            int[] values = new int[block];
            for (int b = from; b < to; b++) {
                int first = b * block;
                for (int t = 0; t < block; t++) {
                    out[first + t] = t;
                }
                for (int i = 0; i < rounds; i++) {
                    for (int t = 0; t < block; t++) {
                        values[t] = out[first + t];
                    }
                    for (int t = 0; t < block; t++) {
                        out[first + t] = values[(t + 1) % block] + 1;
                    }
                }
            }
        });
    }

    private void share(int count, Piece piece) {
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
