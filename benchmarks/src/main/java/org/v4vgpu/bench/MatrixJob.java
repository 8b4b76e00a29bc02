package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.v4vgpu.client.Dim3;

/** The product of two square matrices. Confined to one thread. */
final class MatrixJob implements Job {
    private static final int TILE = 16;
    private static final long SEED = 20150421;
    private static final int CHECKED = 256;

    private final Accelerator accelerator;
    private final int size;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment a;
    private final MemorySegment b;
    private final MemorySegment c;
    private final Accelerator.Memory deviceA;
    private final Accelerator.Memory deviceB;
    private final Accelerator.Memory deviceC;
    private final Accelerator.Kernel kernel;

    MatrixJob(Path root, Accelerator accelerator, int size) throws IOException {
        this.accelerator = accelerator;
        this.size = size;
        long bytes = (long) size * size * Float.BYTES;
        SplittableRandom random = new SplittableRandom(SEED);
        a = matrix(random, bytes);
        b = matrix(random, bytes);
        c = arena.allocate(bytes, 4096);
        deviceA = accelerator.allocate(bytes);
        deviceB = accelerator.allocate(bytes);
        deviceC = accelerator.allocate(bytes);
        int blocks = (size + TILE - 1) / TILE;
        kernel = accelerator.kernel(
                root.resolve("stencil-demo/src/main/cuda/matmul.ptx"),
                "matmul",
                Dim3.of(blocks, blocks),
                Dim3.of(TILE, TILE),
                deviceA,
                deviceB,
                deviceC,
                size);
    }

    @Override
    public Times run() throws IOException {
        c.fill((byte) -1);
        long begin = System.nanoTime();
        accelerator.copyIn(deviceA, a);
        long first = System.nanoTime();
        accelerator.copyIn(deviceB, b);
        long ready = System.nanoTime();
        kernel.launch();
        accelerator.synchronize();
        long computed = System.nanoTime();
        accelerator.copyOut(c, deviceC);
        long end = System.nanoTime();
        return new Times(first - begin, ready - begin + end - computed, computed - ready);
    }

    /** Some entries: each against the sum in double precision, within what rounding can do. */
    @Override
    public void verify() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < CHECKED; i++) {
            int row = random.nextInt(size);
            int column = random.nextInt(size);
            double sum = 0;
            double magnitude = 0;
            for (int k = 0; k < size; k++) {
                double product = (double) at(a, row, k) * at(b, k, column);
                sum += product;
                magnitude += Math.abs(product);
            }
            double error = Math.abs(at(c, row, column) - sum);
            if (!(error <= 2 * size * 0x1p-24 * magnitude)) {
                throw new IllegalStateException("the product of size " + size + " is wrong at row " + row + ", column "
                        + column + ": " + at(c, row, column) + " instead of " + sum);
            }
        }
    }

    private float at(MemorySegment matrix, int row, int column) {
        return matrix.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * size + column);
    }

    /** Entries between -1 and 1. */
    private MemorySegment matrix(SplittableRandom random, long bytes) {
        MemorySegment matrix = arena.allocate(bytes, 4096);
        for (long i = 0; i < bytes / Float.BYTES; i++) {
            matrix.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextInt() * 0x1p-31f);
        }
        return matrix;
    }

    @Override
    public void close() {
        deviceA.close();
        deviceB.close();
        deviceC.close();
        arena.close();
    }
}
