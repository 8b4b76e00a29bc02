package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.v4vgpu.client.Dim3;

/** Iterations of the heat stencil on a square field that stays on the device meanwhile. Confined to one thread. */
final class StencilJob implements Job {
    static final int ITERATIONS = 20;

    private static final int BLOCK_WIDTH = 32;
    private static final int BLOCK_HEIGHT = 8;
    private static final long SEED = 20150421;

    private final Accelerator accelerator;
    private final int size;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment field;
    private final MemorySegment result;
    private final Accelerator.Memory even;
    private final Accelerator.Memory odd;
    private final Accelerator.Kernel forth;
    private final Accelerator.Kernel back;

    StencilJob(Path root, Accelerator accelerator, int size) throws IOException {
        this.accelerator = accelerator;
        this.size = size;
        long bytes = (long) size * size * Float.BYTES;
        field = arena.allocate(bytes, 4096);
        result = arena.allocate(bytes, 4096);
        SplittableRandom random = new SplittableRandom(SEED);
        for (long i = 0; i < bytes / Float.BYTES; i++) {
            field.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextInt(1000));
        }
        even = accelerator.allocate(bytes);
        odd = accelerator.allocate(bytes);
        forth = kernel(root, even, odd);
        back = kernel(root, odd, even);
    }

    private Accelerator.Kernel kernel(Path root, Accelerator.Memory in, Accelerator.Memory out) throws IOException {
        return accelerator.kernel(
                root.resolve("stencil-demo/src/main/cuda/stencil.ptx"),
                "jacobi",
                Dim3.of((size + BLOCK_WIDTH - 1) / BLOCK_WIDTH, (size + BLOCK_HEIGHT - 1) / BLOCK_HEIGHT),
                Dim3.of(BLOCK_WIDTH, BLOCK_HEIGHT),
                in,
                out,
                size,
                size);
    }

    @Override
    public Times run() throws IOException {
        result.fill((byte) -1);
        long begin = System.nanoTime();
        accelerator.copyIn(even, field);
        long ready = System.nanoTime();
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            (iteration % 2 == 0 ? forth : back).launch();
        }
        accelerator.synchronize();
        long computed = System.nanoTime();
        accelerator.copyOut(result, ITERATIONS % 2 == 0 ? even : odd);
        long end = System.nanoTime();
        return new Times(ready - begin, ready - begin + end - computed, computed - ready);
    }

    /** All cells, to the bit: the kernel's operations in single precision, in its order. */
    @Override
    public void verify() {
        float[] now = field.toArray(ValueLayout.JAVA_FLOAT);
        float[] next = now.clone();
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            for (int y = 1; y < size - 1; y++) {
                for (int x = 1; x < size - 1; x++) {
                    int i = y * size + x;
                    next[i] = 0.25f * (now[i - 1] + now[i + 1] + now[i - size] + now[i + size]);
                }
            }
            float[] last = now;
            now = next;
            next = last;
        }
        long wrong = MemorySegment.ofArray(now).mismatch(result);
        if (wrong >= 0) {
            throw new IllegalStateException(
                    "the stencil of size " + size + " is wrong at cell " + wrong / Float.BYTES + " of " + now.length);
        }
    }

    @Override
    public void close() {
        even.close();
        odd.close();
        arena.close();
    }
}
