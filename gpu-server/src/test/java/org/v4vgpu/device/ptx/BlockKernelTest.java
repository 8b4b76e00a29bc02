package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;

/** The kernels with shared memory, barriers and atomics, each against plain Java, as every compiler makes them. */
@ParameterizedClass
@FieldSource("org.v4vgpu.device.ptx.KernelFiles#COMPILERS")
class BlockKernelTest {
    private final String compiler;

    BlockKernelTest(String compiler) {
        this.compiler = compiler;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 33, 100})
    void matrixProductsAreExact(int n) throws DeviceException {
        float[] a = random(n * n, 1);
        float[] b = random(n * n, 2);
        float[] expected = new float[n * n];
        for (int r = 0; r < n; r++) {
            for (int c = 0; c < n; c++) {
                float sum = 0;
                for (int k = 0; k < n; k++) {
                    sum = Math.fma(a[r * n + k], b[k * n + c], sum);
                }
                expected[r * n + c] = sum;
            }
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "matmul")) {
            LaunchShape shape = new LaunchShape((n + 15) / 16, (n + 15) / 16, 1, 16, 16, 1, 0);
            for (String kernel : new String[] {"matmul_naive", "matmul_tiled"}) {
                long c = bench.memory().allocate(4L * n * n);
                bench.launch(kernel, shape, bench.upload(a), bench.upload(b), c, n);
                assertArrayEquals(expected, bench.floats(c, n * n), kernel);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"3,3", "16,16", "17,35", "100,64", "130,7"})
    void jacobiStepsAreExact(int w, int h) throws DeviceException {
        float[] in = random(w * h, 3);
        float[] expected = new float[w * h];
        for (int y = 1; y < h - 1; y++) {
            for (int x = 1; x < w - 1; x++) {
                int i = y * w + x;
                expected[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - w] + in[i + w]);
            }
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "stencil")) {
            LaunchShape shape = new LaunchShape((w + 15) / 16, (h + 15) / 16, 1, 16, 16, 1, 0);
            for (String kernel : new String[] {"jacobi_naive", "jacobi_shared"}) {
                long out = bench.memory().allocate(4L * w * h);
                bench.launch(kernel, shape, bench.upload(in), out, w, h);
                assertArrayEquals(expected, bench.floats(out, w * h), kernel);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "32,32", "33,65", "100,40"})
    void transposes(int w, int h) throws DeviceException {
        float[] in = random(w * h, 4);
        try (KernelBench bench = KernelBench.ofFile(compiler + "transpose")) {
            long out = bench.memory().allocate(4L * w * h);
            LaunchShape shape = new LaunchShape((w + 31) / 32, (h + 31) / 32, 1, 32, 8, 1, 0);
            bench.launch("transpose", shape, bench.upload(in), out, w, h);
            float[] actual = bench.floats(out, w * h);
            for (int y = 0; y < h; y++) {
                for (int x = 0; x < w; x++) {
                    assertEquals(in[y * w + x], actual[x * h + y]);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,32", "100,64", "5000,256", "4097,1024"})
    void reducesWithBarriers(int n, int threads) throws DeviceException {
        float[] in = random(n, 5);
        int blocks = (n + 2 * threads - 1) / (2 * threads);
        try (KernelBench bench = KernelBench.ofFile(compiler + "reduce")) {
            long out = bench.memory().allocate(4L * blocks);
            bench.launch(
                    "reduce_sync", new LaunchShape(blocks, 1, 1, threads, 1, 1, 4 * threads), bench.upload(in), out, n);
            float[] actual = bench.floats(out, blocks);
            for (int block = 0; block < blocks; block++) {
                float[] sums = new float[threads];
                for (int t = 0; t < threads; t++) {
                    int i = block * threads * 2 + t;
                    sums[t] = i < n ? in[i] : 0f;
                    sums[t] += i + threads < n ? in[i + threads] : 0f;
                }
                for (int s = threads / 2; s > 0; s /= 2) {
                    for (int t = 0; t < s; t++) {
                        sums[t] += sums[t + s];
                    }
                }
                assertEquals(sums[0], actual[block]);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,32,1", "1000,64,3", "10000,256,5", "33,1024,1"})
    void reducesWithShuffles(int n, int threads, int blocks) throws DeviceException {
        float[] in = random(n, 6);
        double expected = 0;
        double magnitude = 0;
        for (float value : in) {
            expected += value;
            magnitude += Math.abs(value);
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "reduce")) {
            long out = bench.upload(0f);
            bench.launch("reduce_shfl", KernelBench.line(blocks, threads), bench.upload(in), out, n);
            assertEquals(expected, bench.floats(out, 1)[0], 1e-6 * magnitude);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,32", "1000,64", "100000,256"})
    void countsBytes(int n, int threads) throws DeviceException {
        byte[] data = new byte[n];
        new Random(7).nextBytes(data);
        int[] expected = new int[256];
        for (byte value : data) {
            expected[value & 0xFF]++;
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "histogram")) {
            for (String kernel : new String[] {"hist_global", "hist_shared"}) {
                long bins = bench.upload(new int[256]);
                bench.launch(kernel, KernelBench.line(7, threads), bench.upload(data), bins, n);
                assertArrayEquals(expected, bench.ints(bins, 256), kernel);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 20_000})
    void findsMaximumByCompareAndSwap(int n) throws DeviceException {
        float[] in = random(n, 8);
        float expected = Float.NEGATIVE_INFINITY;
        for (float value : in) {
            expected = Math.max(expected, value);
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "histogram")) {
            long most = bench.upload(Float.NEGATIVE_INFINITY);
            bench.launch("cas_max", KernelBench.line((n + 127) / 128, 128), bench.upload(in), most, n);
            assertEquals(expected, bench.floats(most, 1)[0]);
        }
    }

    static float[] random(int n, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        return values;
    }
}
