package org.v4vgpu.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.v4vgpu.bench.opencl.OpenClProcess;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.GpuFunction;
import org.v4vgpu.device.software.GpuMemory;
import org.v4vgpu.device.software.SoftwareGpu;

/** One piece of work that a kernel and Java loops do, with the memory of both. Confined to one thread. */
abstract class KernelDuel implements AutoCloseable {
    private static final long SEED = 20150421;
    private static final long OTHER_SEED = 20261123;

    private final String kind;
    private final long bytes;

    /** What one run's time is divided by: iterations, or barriers of threads. */
    private final double parts;

    KernelDuel(String kind, long bytes, double parts) {
        this.kind = kind;
        this.bytes = bytes;
        this.parts = parts;
    }

    /** The kind of its results. */
    String kind() {
        return kind;
    }

    /** Of one of its arrays. */
    long bytes() {
        return bytes;
    }

    /** A run's time as it counts. */
    long share(long nanos) {
        return Math.max(1, Math.round(nanos / parts));
    }

    /** Does the work with the kernel, and waits for it. */
    abstract void onDevice() throws DeviceException;

    /** Does the work with loops. */
    abstract void inJava();

    /** Gives the work to OpenCL, with the data as it is now. */
    abstract void prepare(OpenClProcess cl) throws IOException;

    /**
     * Holds what OpenCL does from the same start against the loops.
     *
     * @throws IllegalStateException if the results differ
     */
    abstract void verify(OpenClProcess cl) throws IOException;

    /**
     * Does it once more, on both sides from the same start.
     *
     * @throws IllegalStateException if the results differ
     */
    abstract void verify() throws DeviceException;

    @Override
    public abstract void close() throws DeviceException;

    final void ensure(boolean right) {
        if (!right) {
            throw new IllegalStateException("the kernel's result of " + kind + " is wrong");
        }
    }

    static float[] random(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextInt() * 0x1p-31f;
        }
        return values;
    }

    /** The demo's tiled product of two square matrices. */
    static final class Product extends KernelDuel {
        private static final int TILE = 16;

        private final SoftwareGpu gpu;
        private final JavaLoops loops;
        private final int n;
        private final float[] a;
        private final float[] b;
        private final float[] c;
        private final GpuMemory deviceA;
        private final GpuMemory deviceB;
        private final GpuMemory deviceC;
        private final GpuFunction kernel;

        Product(Path root, SoftwareGpu gpu, JavaLoops loops, int n) throws DeviceException, IOException {
            super("matmul " + n, 4L * n * n, 1);
            this.gpu = gpu;
            this.loops = loops;
            this.n = n;
            a = random(n * n, SEED);
            b = random(n * n, OTHER_SEED);
            c = new float[n * n];
            kernel = gpu.load(root.resolve("stencil-demo/src/main/cuda/matmul.ptx"))
                    .function("matmul");
            deviceA = gpu.allocate(bytes());
            deviceB = gpu.allocate(bytes());
            deviceC = gpu.allocate(bytes());
            deviceA.copyFrom(a);
            deviceB.copyFrom(b);
        }

        @Override
        void onDevice() throws DeviceException {
            int blocks = (n + TILE - 1) / TILE;
            kernel.launch(new LaunchShape(blocks, blocks, 1, TILE, TILE, 1, 0), deviceA, deviceB, deviceC, n);
            gpu.synchronize();
        }

        @Override
        void inJava() {
            loops.multiply(a, b, c, n);
        }

        /** Each entry within what rounding can do to sums of n products, of which none exceeds 1. */
        @Override
        void verify() throws DeviceException {
            deviceC.fill((byte) -1);
            onDevice();
            float[] product = new float[n * n];
            deviceC.copyTo(product);
            inJava();
            ensureProduct(product);
        }

        @Override
        void prepare(OpenClProcess cl) throws IOException {
            cl.buffer("a", a);
            cl.buffer("b", b);
            cl.buffer("c", bytes());
            cl.launch("matmul", n, n, TILE, TILE, "a", "b", "c", n);
        }

        @Override
        void verify(OpenClProcess cl) throws IOException {
            cl.run();
            float[] product = new float[n * n];
            cl.read("c", product);
            inJava();
            ensureProduct(product);
        }

        private void ensureProduct(float[] product) {
            double[] magnitudes = new double[n];
            for (int row = 0; row < n; row++) {
                Arrays.fill(magnitudes, 0);
                for (int k = 0; k < n; k++) {
                    for (int column = 0; column < n; column++) {
                        magnitudes[column] += Math.abs(a[row * n + k] * b[k * n + column]);
                    }
                }
                for (int column = 0; column < n; column++) {
                    double error = Math.abs((double) product[row * n + column] - c[row * n + column]);
                    ensure(error <= 2 * n * 0x1p-24 * magnitudes[column]);
                }
            }
        }

        @Override
        public void close() throws DeviceException {
            deviceA.close();
            deviceB.close();
            deviceC.close();
        }
    }

    /** The demo's heat stencil; an even number of iterations, of which one counts. */
    static final class Stencil extends KernelDuel {
        private static final int ITERATIONS = 10;
        private static final int WIDTH = 32;
        private static final int HEIGHT = 8;

        private final SoftwareGpu gpu;
        private final JavaLoops loops;
        private final int n;
        private final float[] even;
        private final float[] odd;
        private final GpuMemory deviceEven;
        private final GpuMemory deviceOdd;
        private final GpuFunction kernel;

        Stencil(Path root, SoftwareGpu gpu, JavaLoops loops, int n) throws DeviceException, IOException {
            super("stencil " + n, 4L * n * n, ITERATIONS);
            this.gpu = gpu;
            this.loops = loops;
            this.n = n;
            even = random(n * n, SEED);
            odd = new float[n * n];
            kernel = gpu.load(root.resolve("stencil-demo/src/main/cuda/stencil.ptx"))
                    .function("jacobi");
            deviceEven = gpu.allocate(bytes());
            deviceOdd = gpu.allocate(bytes());
            deviceEven.copyFrom(even);
        }

        @Override
        void onDevice() throws DeviceException {
            LaunchShape shape =
                    new LaunchShape((n + WIDTH - 1) / WIDTH, (n + HEIGHT - 1) / HEIGHT, 1, WIDTH, HEIGHT, 1, 0);
            for (int i = 0; i < ITERATIONS; i += 2) {
                kernel.launch(shape, deviceEven, deviceOdd, n, n);
                kernel.launch(shape, deviceOdd, deviceEven, n, n);
            }
            gpu.synchronize();
        }

        @Override
        void inJava() {
            for (int i = 0; i < ITERATIONS; i += 2) {
                loops.iterate(even, odd, n);
                loops.iterate(odd, even, n);
            }
        }

        /** To the bit. */
        @Override
        void verify() throws DeviceException {
            float[] field = random(n * n, SEED);
            deviceEven.copyFrom(field);
            System.arraycopy(field, 0, even, 0, field.length);
            onDevice();
            inJava();
            deviceEven.copyTo(field);
            ensure(Arrays.equals(field, even));
        }

        @Override
        void prepare(OpenClProcess cl) throws IOException {
            cl.buffer("even", random(n * n, SEED));
            cl.buffer("odd", bytes());
            for (int i = 0; i < ITERATIONS; i += 2) {
                cl.launch("jacobi", n, n, WIDTH, HEIGHT, "even", "odd", n, n);
                cl.launch("jacobi", n, n, WIDTH, HEIGHT, "odd", "even", n, n);
            }
        }

        @Override
        void verify(OpenClProcess cl) throws IOException {
            float[] field = random(n * n, SEED);
            cl.write("even", field);
            System.arraycopy(field, 0, even, 0, field.length);
            cl.run();
            inJava();
            cl.read("even", field);
            ensure(Arrays.equals(field, even));
        }

        @Override
        public void close() throws DeviceException {
            deviceEven.close();
            deviceOdd.close();
        }
    }

    /** The sum of two vectors. */
    static final class Addition extends KernelDuel {
        private static final int BLOCK = 256;

        private final SoftwareGpu gpu;
        private final JavaLoops loops;
        private final float[] a;
        private final float[] b;
        private final float[] sum;
        private final GpuMemory deviceA;
        private final GpuMemory deviceB;
        private final GpuMemory deviceSum;
        private final GpuFunction kernel;

        Addition(Path root, SoftwareGpu gpu, JavaLoops loops, int count) throws DeviceException, IOException {
            super("vecadd " + count, 4L * count, 1);
            this.gpu = gpu;
            this.loops = loops;
            a = random(count, SEED);
            b = random(count, OTHER_SEED);
            sum = new float[count];
            kernel = gpu.load(root.resolve("gpu-server/src/test/resources/kernels/vecadd.ptx"))
                    .function("vecadd");
            deviceA = gpu.allocate(bytes());
            deviceB = gpu.allocate(bytes());
            deviceSum = gpu.allocate(bytes());
            deviceA.copyFrom(a);
            deviceB.copyFrom(b);
        }

        @Override
        void onDevice() throws DeviceException {
            kernel.launch((sum.length + BLOCK - 1) / BLOCK, BLOCK, deviceA, deviceB, deviceSum, sum.length);
            gpu.synchronize();
        }

        @Override
        void inJava() {
            loops.add(a, b, sum);
        }

        /** To the bit. */
        @Override
        void verify() throws DeviceException {
            deviceSum.fill((byte) -1);
            onDevice();
            inJava();
            float[] found = new float[sum.length];
            deviceSum.copyTo(found);
            ensure(Arrays.equals(found, sum));
        }

        @Override
        void prepare(OpenClProcess cl) throws IOException {
            cl.buffer("a", a);
            cl.buffer("b", b);
            cl.buffer("sum", bytes());
            cl.launch("vecadd", sum.length, 1, BLOCK, 1, "a", "b", "sum", sum.length);
        }

        @Override
        void verify(OpenClProcess cl) throws IOException {
            cl.run();
            inJava();
            float[] found = new float[sum.length];
            cl.read("sum", found);
            ensure(Arrays.equals(found, sum));
        }

        @Override
        public void close() throws DeviceException {
            deviceA.close();
            deviceB.close();
            deviceSum.close();
        }
    }

    /** The sum of a vector: of each block's two halves by a tree in shared memory, and of the blocks' sums by the host. */
    static final class Reduction extends KernelDuel {
        private static final int BLOCK = 256;

        private final SoftwareGpu gpu;
        private final JavaLoops loops;
        private final float[] in;
        private final float[] sums;
        private final GpuMemory deviceIn;
        private final GpuMemory deviceOut;
        private final GpuFunction kernel;
        private double total;

        Reduction(Path root, SoftwareGpu gpu, JavaLoops loops, int count) throws DeviceException, IOException {
            super("reduce " + count, 4L * count, 1);
            this.gpu = gpu;
            this.loops = loops;
            in = random(count, SEED);
            sums = new float[(count + 2 * BLOCK - 1) / (2 * BLOCK)];
            kernel = gpu.load(root.resolve("gpu-server/src/test/resources/kernels/reduce.ptx"))
                    .function("reduce_sync");
            deviceIn = gpu.allocate(bytes());
            deviceOut = gpu.allocate(4L * sums.length);
            deviceIn.copyFrom(in);
        }

        @Override
        void onDevice() throws DeviceException {
            kernel.launch(new LaunchShape(sums.length, 1, 1, BLOCK, 1, 1, 4 * BLOCK), deviceIn, deviceOut, in.length);
            gpu.synchronize();
        }

        @Override
        void inJava() {
            total = loops.sum(in);
        }

        @Override
        void verify() throws DeviceException {
            deviceOut.fill((byte) -1);
            onDevice();
            deviceOut.copyTo(sums);
            inJava();
            ensureTotal();
        }

        @Override
        void prepare(OpenClProcess cl) throws IOException {
            cl.buffer("in", in);
            cl.buffer("out", 4L * sums.length);
            cl.launch("reduce", sums.length * BLOCK, 1, BLOCK, 1, "in", "out", in.length);
        }

        @Override
        void verify(OpenClProcess cl) throws IOException {
            cl.run();
            cl.read("out", sums);
            inJava();
            ensureTotal();
        }

        /** Within more than what rounding does to sums of random numbers, of either sign. */
        private void ensureTotal() {
            double found = 0;
            for (float sum : sums) {
                found += sum;
            }
            double exact = 0;
            double magnitude = 0;
            for (float value : in) {
                exact += value;
                magnitude += Math.abs(value);
            }
            ensure(Math.abs(found - exact) <= 16 * 0x1p-24 * magnitude);
            ensure(Math.abs(total - exact) <= 16 * 0x1p-24 * magnitude);
        }

        @Override
        public void close() throws DeviceException {
            deviceIn.close();
            deviceOut.close();
        }
    }
}
