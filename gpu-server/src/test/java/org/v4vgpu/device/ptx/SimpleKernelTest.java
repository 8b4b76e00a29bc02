package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;

/** The kernels without synchronisation, each against plain Java, as every compiler makes them. */
@ParameterizedClass
@FieldSource("org.v4vgpu.device.ptx.KernelFiles#COMPILERS")
class SimpleKernelTest {
    private final String compiler;

    SimpleKernelTest(String compiler) {
        this.compiler = compiler;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 256, 1000, 70_001})
    void addsVectors(int n) throws DeviceException {
        float[] a = random(n, 1);
        float[] b = random(n, 2);
        try (KernelBench bench = KernelBench.ofFile(compiler + "vecadd")) {
            long c = bench.memory().allocate(4L * n);
            bench.launch("vecadd", KernelBench.line((n + 255) / 256, 256), bench.upload(a), bench.upload(b), c, n);
            float[] expected = new float[n];
            for (int i = 0; i < n; i++) {
                expected[i] = a[i] + b[i];
            }
            assertArrayEquals(expected, bench.floats(c, n));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 1025})
    void daxpyStridesOverTheGrid(int n) throws DeviceException {
        double[] x = randomDoubles(n, 3);
        double[] y = randomDoubles(n, 4);
        try (KernelBench bench = KernelBench.ofFile(compiler + "daxpy")) {
            long result = bench.upload(y);
            bench.launch("daxpy", KernelBench.line(3, 32), n, 2.5, bench.upload(x), result);
            double[] actual = bench.doubles(result, n);
            for (int i = 0; i < n; i++) {
                assertEquals(Math.fma(2.5, x[i], y[i]), actual[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 65})
    void scalesVectorsOfFour(int n) throws DeviceException {
        float[] x = random(4 * n, 5);
        try (KernelBench bench = KernelBench.ofFile(compiler + "daxpy")) {
            long y = bench.memory().allocate(16L * n);
            bench.launch("vec4scale", KernelBench.line(2, 64), bench.upload(x), y, 0.5f, n);
            float[] actual = bench.floats(y, 4 * n);
            for (int i = 0; i < 4 * n; i++) {
                assertEquals(x[i] * 0.5f, actual[i]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 500})
    void doubleMathAgrees(int n) throws DeviceException {
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = 0.25 * i;
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "daxpy")) {
            long y = bench.memory().allocate(8L * n);
            bench.launch("dmath", KernelBench.line((n + 63) / 64, 64), bench.upload(x), y, n);
            double[] actual = bench.doubles(y, n);
            for (int i = 0; i < n; i++) {
                double expected = Math.sqrt(x[i]) / (1.0 + Math.abs(x[i])) + Math.exp(-x[i]);
                assertEquals(expected, actual[i], 1e-14 * Math.abs(expected) + 1e-300);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 33, 120})
    void mandelbrotIterationsAreExact(int size) throws DeviceException {
        int w = size;
        int h = size + 3;
        int most = 200;
        float x0 = -2f;
        float y0 = -1.2f;
        float dx = 3f / w;
        float dy = 2.4f / h;
        try (KernelBench bench = KernelBench.ofFile(compiler + "mandelbrot")) {
            long out = bench.memory().allocate(4L * w * h);
            LaunchShape shape = new LaunchShape((w + 15) / 16, (h + 7) / 8, 1, 16, 8, 1, 0);
            bench.launch("mandel", shape, out, w, h, x0, y0, dx, dy, most);
            int[] actual = bench.ints(out, w * h);
            for (int py = 0; py < h; py++) {
                for (int px = 0; px < w; px++) {
                    assertEquals(iterations(px, py, x0, y0, dx, dy, most), actual[py * w + px], px + "," + py);
                }
            }
        }
    }

    /** The source's formula with the fusing that its PTX has. */
    private static int iterations(int px, int py, float x0, float y0, float dx, float dy, int most) {
        float cx = Math.fma(px, dx, x0);
        float cy = Math.fma(py, dy, y0);
        float x = 0;
        float y = 0;
        int it = 0;
        while (it < most && x * x + y * y < 4f) {
            float t = cx + (x * x - y * y);
            y = Math.fma(x + x, y, cy);
            x = t;
            it++;
        }
        return it;
    }

    private static float[] random(int n, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        return values;
    }

    private static double[] randomDoubles(int n, long seed) {
        return new Random(seed).doubles(n, -1, 1).toArray();
    }
}
