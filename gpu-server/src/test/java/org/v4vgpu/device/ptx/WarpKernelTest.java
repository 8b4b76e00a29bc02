package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.LaunchShape;

/** Warps, calls, printf and approximate mathematics, each against plain Java, as every compiler makes them. */
@ParameterizedClass
@FieldSource("org.v4vgpu.device.ptx.KernelFiles#COMPILERS")
class WarpKernelTest {
    private final String compiler;

    WarpKernelTest(String compiler) {
        this.compiler = compiler;
    }

    @ParameterizedTest
    @CsvSource({"32,32", "96,96", "256,128"})
    void votesAndShuffles(int n, int threads) throws DeviceException {
        int[] x = new Random(1).ints(n, -1, 3).toArray();
        int[] expected = new int[n];
        for (int i = 0; i < n; i++) {
            int warp = i / 32 * 32;
            int ballot = 0;
            int any = 0;
            int all = 1;
            for (int lane = 0; lane < 32; lane++) {
                ballot |= x[warp + lane] > 0 ? 1 << lane : 0;
                any |= x[warp + lane] < 0 ? 1 : 0;
                all &= x[warp + lane] != 0 ? 1 : 0;
            }
            expected[i] = ballot
                    + any * 2
                    + all * 4
                    - 1
                    + (i ^ 1)
                    + Integer.bitCount(ballot)
                    + (ballot == 0 ? 0 : Integer.numberOfTrailingZeros(ballot) + 1)
                    + Integer.numberOfLeadingZeros(ballot)
                    + Integer.reverse(ballot)
                    + threads / 2
                    + ballot;
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "mathmix")) {
            long y = bench.memory().allocate(4L * n);
            bench.launch("votes", KernelBench.line(n / threads, threads), bench.upload(x), y, n);
            assertArrayEquals(expected, bench.ints(y, n));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,32", "100,32", "200,64"})
    void attractsBodies(int n, int threads) throws DeviceException {
        float[] p = BlockKernelTest.random(4 * n, 2);
        try (KernelBench bench = KernelBench.ofFile(compiler + "mathmix")) {
            long a = bench.memory().allocate(16L * n);
            bench.launch(
                    "nbody",
                    new LaunchShape((n + threads - 1) / threads, 1, 1, threads, 1, 1, 16 * threads),
                    bench.upload(p),
                    a,
                    n);
            float[] actual = bench.floats(a, 4 * n);
            for (int i = 0; i < n; i++) {
                double[] sum = new double[3];
                double magnitude = 0;
                for (int k = 0; k < n; k++) {
                    double dx = p[4 * k] - p[4 * i];
                    double dy = p[4 * k + 1] - p[4 * i + 1];
                    double dz = p[4 * k + 2] - p[4 * i + 2];
                    double r = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz + 1e-4);
                    double f = p[4 * k + 3] * r * r * r;
                    sum[0] += f * dx;
                    sum[1] += f * dy;
                    sum[2] += f * dz;
                    magnitude += Math.abs(f);
                }
                for (int axis = 0; axis < 3; axis++) {
                    assertEquals(sum[axis], actual[4 * i + axis], 1e-5 * magnitude + 1e-6);
                }
                assertEquals(0f, actual[4 * i + 3]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000})
    void fastMathIsClose(int n) throws DeviceException {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i < n / 2
                    ? (i - n / 4) * 0.013f + 0.001f
                    : (i - n / 2) * 300.7f + 5f; // Large ones take the slow path of sinf.
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "mathmix")) {
            long y = bench.memory().allocate(4L * n);
            bench.launch("fastmath", KernelBench.line((n + 127) / 128, 128), bench.upload(x), y, n);
            float[] actual = bench.floats(y, n);
            for (int i = 0; i < n; i++) {
                double v = x[i];
                double a = Math.abs(v);
                double exp = Math.exp(v);
                double expected = Math.sin(v)
                        + exp
                        + Math.log(a + 1)
                        + Math.sin(v) * Math.pow(a, 1.5)
                        + v / 3.7
                        + Math.sqrt(a)
                        + 1 / (v + 2);
                if (exp > Float.MAX_VALUE) {
                    assertEquals(Float.POSITIVE_INFINITY, actual[i]);
                    continue;
                }
                double magnitude = 2 + exp * (1 + a) + Math.pow(a, 1.5) + Math.abs(1 / (v + 2));
                assertEquals(expected, actual[i], 2e-6 * magnitude, "x = " + v);
            }
        }
    }

    @Test
    void sineSlowPathIsExactEnoughAlone() throws DeviceException {
        // Without __expf's infinity: large negative arguments.
        int n = 200;
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = -110_000f - 1234.56f * i;
        }
        try (KernelBench bench = KernelBench.ofFile(compiler + "mathmix")) {
            long y = bench.memory().allocate(4L * n);
            bench.launch("fastmath", KernelBench.line(2, 128), bench.upload(x), y, n);
            float[] actual = bench.floats(y, n);
            for (int i = 0; i < n; i++) {
                double v = x[i];
                double power = Math.pow(-v, 1.5);
                double expected = Math.sin(v) * (1 + power) + Math.log(1 - v) + v / 3.7 + Math.sqrt(-v) + 1 / (v + 2);
                assertEquals(expected, actual[i], 2e-6 * power, "x = " + v);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 70})
    void callsFunctionsAndPrints(int n) throws DeviceException {
        float[] coefficients = {1, -2, 3, 0.5f, -0.25f, 2, 7, -1};
        float[] in = new float[n];
        for (int i = 0; i < n; i++) {
            in[i] = 0.5f + i % 11;
        }
        ByteBuffer struct = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
        struct.putFloat(1.5f).putFloat(0.25f).putInt(3).putInt(-4).putInt(5);
        try (KernelBench bench = KernelBench.ofFile(compiler + "devfunc")) {
            DeviceGlobal coef = bench.module().global("coef");
            assertEquals(32, coef.bytes());
            bench.memory().segment(coef.address(), 32).copyFrom(java.lang.foreign.MemorySegment.ofArray(coefficients));
            long out = bench.memory().allocate(4L * n);
            bench.launch("devfunc", KernelBench.line((n + 31) / 32, 32), struct.array(), bench.upload(in), out, n);
            float[] actual = bench.floats(out, n);
            int[] k = {3, -4, 5};
            for (int i = 0; i < n; i++) {
                float[] l = new float[8];
                for (int j = 0; j < 8; j++) {
                    l[j] = coefficients[j + i & 7] * 1.5f;
                }
                int index = (int) in[i] & 7;
                l[index] += 0.25f + k[index % 3];
                float sum = 0;
                for (int j = 0; j < 8; j++) {
                    sum = Math.fma(sum, in[i], l[j]);
                }
                assertEquals(sum + fibonacci(i % 8), actual[i]);
            }
            DeviceGlobal counter = bench.module().global("counter");
            assertEquals(1, bench.memory().segment(counter.address(), 4).get(ValueLayout.JAVA_INT, 0));
            assertEquals(String.format("i=0 v=%f%n", actual[0]), bench.output());
        }
    }

    private static int fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }
}
