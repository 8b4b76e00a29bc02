package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** What nvcc makes of half precision, matrix and asynchronous instructions, locks, grid barriers, pointers to functions, the heap. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FullKernelTest {
    private static KernelBench bench(String file) throws DeviceException {
        return KernelBench.ofFile("full/" + file);
    }

    // Half precision

    @Test
    void halvesAreMultipliedAndAddedInPairs() throws DeviceException {
        try (KernelBench bench = bench("half")) {
            int n = 1000;
            Random random = new Random(1);
            int[] x = random.ints(n).map(bits -> finiteHalves(bits)).toArray();
            int[] y = random.ints(n).map(bits -> finiteHalves(bits)).toArray();
            long outY = bench.upload(y);
            bench.launch("haxpy", KernelBench.line(8, 128), n, pair(1.5f, -0.25f), bench.upload(x), outY);
            int[] actual = bench.ints(outY, n);
            for (int i = 0; i < n; i++) {
                // The product of two halves is exact in a double, and so is its sum with a third of such a size.
                assertEquals(half(1.5 * low(x[i]) + low(y[i])), (short) actual[i], "low " + i);
                assertEquals(half(-0.25 * high(x[i]) + high(y[i])), (short) (actual[i] >>> 16), "high " + i);
            }
        }
    }

    @Test
    void halfFunctionsComputeWhatTheySay() throws DeviceException {
        try (KernelBench bench = bench("half")) {
            float[] in = {0.5f, -1.25f, 3, 0.1f, -7.75f, 100};
            long out = bench.upload(new float[in.length]);
            bench.launch("halfmix", KernelBench.line(1, 32), in.length, bench.upload(in), out);
            float[] actual = bench.floats(out, in.length);
            for (int i = 0; i < in.length; i++) {
                float h = Float.float16ToFloat(Float.floatToFloat16(in[i]));
                float b = bfloat(in[i]);
                float sum = low(half((double) h + low(half((double) h * h))));
                sum += Math.max(h, 0.5f) * 2;
                sum += bfloat((float) ((double) b * b + b));
                sum += h < 1 ? 100 : 0;
                sum += (int) h;
                assertEquals(sum, actual[i], "of " + in[i]);
            }
        }
    }

    @Test
    void halvesAreAddedAtomically() throws DeviceException {
        try (KernelBench bench = bench("half")) {
            int[] x = new int[300];
            for (int i = 0; i < x.length; i++) {
                x[i] = pair(1, i % 2 == 0 ? 2 : -1);
            }
            long sum = bench.upload(0);
            bench.launch("halfatomic", KernelBench.line(10, 32), x.length, sum, bench.upload(x));
            assertEquals(300f, low(bench.ints(sum, 1)[0]));
            assertEquals(150f, high(bench.ints(sum, 1)[0]));
        }
    }

    // Matrices

    @Test
    void warpsMultiplyMatricesOfHalves() throws DeviceException {
        try (KernelBench bench = bench("wmma")) {
            int n = 48;
            Random random = new Random(2);
            short[] a = new short[n * n];
            short[] b = new short[n * n];
            for (int i = 0; i < n * n; i++) {
                a[i] = Float.floatToFloat16(random.nextInt(-8, 8) / 4f);
                b[i] = Float.floatToFloat16(random.nextInt(-8, 8) / 2f);
            }
            long out = bench.upload(new float[n * n]);
            bench.launch(
                    "wmma_matmul",
                    new LaunchShape(n / 16, n / 16, 1, 32, 1, 1, 0),
                    n,
                    bench.upload(words(a)),
                    bench.upload(words(b)),
                    out);
            float[] actual = bench.floats(out, n * n);
            for (int row = 0; row < n; row++) {
                for (int column = 0; column < n; column++) {
                    float sum = 0;
                    for (int k = 0; k < n; k++) {
                        sum += Float.float16ToFloat(a[row * n + k]) * Float.float16ToFloat(b[column * n + k]);
                    }
                    assertEquals(2 * sum, actual[row * n + column]);
                }
            }
        }
    }

    @Test
    void warpsMultiplyMatricesOfBytes() throws DeviceException {
        try (KernelBench bench = bench("wmma")) {
            int n = 32;
            byte[] a = new byte[n * n];
            byte[] b = new byte[n * n];
            new Random(3).nextBytes(a);
            new Random(4).nextBytes(b);
            long out = bench.upload(new int[n * n]);
            bench.launch(
                    "wmma_bytes",
                    new LaunchShape(n / 16, n / 16, 1, 32, 1, 1, 0),
                    n,
                    bench.upload(a),
                    bench.upload(b),
                    out);
            int[] expected = new int[n * n];
            for (int i = 0; i < n * n; i++) {
                for (int k = 0; k < n; k++) {
                    expected[i] += a[i / n * n + k] * b[k * n + i % n];
                }
            }
            assertArrayEquals(expected, bench.ints(out, n * n));
        }
    }

    // Asynchronous copies

    @Test
    void tilesComeByAsynchronousCopies() throws DeviceException {
        try (KernelBench bench = bench("async")) {
            int n = 48;
            float[] a = new float[n * n];
            float[] b = new float[n * n];
            for (int i = 0; i < n * n; i++) {
                a[i] = i % 7 - 3;
                b[i] = i % 5 - 2;
            }
            long out = bench.upload(new float[n * n]);
            bench.launch(
                    "async_matmul",
                    new LaunchShape(n / 16, n / 16, 1, 16, 16, 1, 0),
                    n,
                    bench.upload(a),
                    bench.upload(b),
                    out);
            float[] expected = new float[n * n];
            for (int i = 0; i < n * n; i++) {
                for (int k = 0; k < n; k++) {
                    expected[i] += a[i / n * n + k] * b[k * n + i % n];
                }
            }
            assertArrayEquals(expected, bench.floats(out, n * n));
        }
    }

    @Test
    void groupsCopyAsynchronously() throws DeviceException {
        try (KernelBench bench = bench("async")) {
            float[] in = new float[192];
            float[] expected = new float[192];
            for (int i = 0; i < in.length; i++) {
                in[i] = i;
                expected[i / 64 * 64 + 63 - i % 64] = i;
            }
            long out = bench.upload(new float[192]);
            bench.launch("async_reverse", KernelBench.line(3, 64), bench.upload(in), out);
            assertArrayEquals(expected, bench.floats(out, 192));
        }
    }

    @Test
    void barrierObjectsOrderThreads() throws DeviceException {
        try (KernelBench bench = bench("barrier")) {
            int threads = 96;
            long out = bench.upload(new int[2 * threads]);
            bench.launch("barrier_ring", KernelBench.line(2, threads), 5, out);
            int[] expected = new int[2 * threads];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = (i % threads + 5) % threads + 5;
            }
            assertArrayEquals(expected, bench.ints(out, 2 * threads));
        }
    }

    // Waiting for other threads

    @Test
    void locksBetweenThreadsAndBlocksAreTakenInTurn() throws DeviceException {
        try (KernelBench bench = bench("spin")) {
            long lock = bench.upload(0);
            long sum = bench.upload(0);
            bench.launch("spin_lock", KernelBench.line(7, 96), lock, sum, 3);
            assertEquals(7 * 96 * 3, bench.ints(sum, 1)[0]);
        }
    }

    /** The first block to run is the one that waits longest. */
    @Test
    void blocksWaitForBlocksThatBeginLater() throws DeviceException {
        try (KernelBench bench = bench("spin")) {
            int blocks = 40;
            long flags = bench.upload(new int[blocks]);
            long out = bench.upload(new int[blocks * 33]);
            bench.launch("chain", KernelBench.line(blocks, 33), flags, out);
            int[] expected = new int[blocks * 33];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = i / 33;
            }
            assertArrayEquals(expected, bench.ints(out, blocks * 33));
        }
    }

    @Test
    void lanesOfAWarpRunInStepThroughVolatileMemory() throws DeviceException {
        try (KernelBench bench = bench("spin")) {
            int[] in = new Random(5).ints(512, -1000, 1000).toArray();
            long out = bench.upload(new int[2]);
            bench.launch("warp_reduce", KernelBench.line(2, 256), bench.upload(in), out);
            int[] expected = new int[2];
            for (int i = 0; i < in.length; i++) {
                expected[i / 256] += in[i];
            }
            assertArrayEquals(expected, bench.ints(out, 2));
        }
    }

    @Test
    void allBlocksMeetAtAGridBarrier() throws DeviceException {
        try (KernelBench bench = bench("grid")) {
            int blocks = 24;
            int threads = 64;
            int n = blocks * threads;
            int[] start = new Random(6).ints(n, 0, 1000).toArray();
            long a = bench.upload(start);
            long used = bench.memory().usedBytes();
            long b = bench.upload(new int[n]);
            bench.launch("grid_rotate", KernelBench.line(blocks, threads), a, b, 6);
            int[] expected = start;
            for (int r = 0; r < 6; r++) {
                int[] next = new int[n];
                for (int i = 0; i < n; i++) {
                    next[i] = expected[(i + threads + 1) % n] + 1;
                }
                expected = next;
            }
            assertArrayEquals(expected, bench.ints(a, n));
            bench.memory().free(b);
            assertEquals(used, bench.memory().usedBytes(), "the launch's own memory is given back");
        }
    }

    @Test
    void gridsTooLargeToBeResidentAreRefused() throws DeviceException {
        try (KernelBench bench = bench("grid")) {
            long a = bench.upload(new int[64]);
            DeviceException thrown = assertThrows(
                    DeviceException.class, () -> bench.launch("grid_rotate", KernelBench.line(100_000, 64), a, a, 1));
            assertEquals(720, thrown.status().code());
            assertTrue(String.valueOf(thrown.getMessage()).contains("100000 blocks"), thrown.getMessage());
        }
    }

    @Test
    void tilesOfAWarpShuffle() throws DeviceException {
        try (KernelBench bench = bench("grid")) {
            int[] in = new Random(7).ints(64, 0, 100).toArray();
            long out = bench.upload(new int[8]);
            bench.launch("tile_sums", KernelBench.line(1, 64), bench.upload(in), out);
            int[] expected = new int[8];
            for (int i = 0; i < in.length; i++) {
                expected[i / 8] += in[i] + (i % 8 == 0 ? 32 : 0);
            }
            assertArrayEquals(expected, bench.ints(out, 8));
        }
    }

    /** Without optimisation, so that barrier, shuffle and lock lie in functions. */
    @Test
    void threadsWaitInsideOfFunctions() throws DeviceException {
        try (KernelBench bench = bench("debug")) {
            int[] in = new Random(8).ints(640, -100, 100).toArray();
            long out = bench.upload(0);
            bench.launch("debug_reduce", KernelBench.line(5, 128), bench.upload(in), out, bench.upload(0));
            int sum = 0;
            for (int value : in) {
                sum += value;
            }
            assertEquals(sum, bench.ints(out, 1)[0]);
        }
    }

    // Functions

    @Test
    void functionsAreCalledThroughATable() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            int[] which = {0, 1, 1, 0, 1};
            long out = bench.upload(new int[5]);
            bench.launch("through_table", KernelBench.line(1, 5), bench.upload(which), out);
            assertArrayEquals(new int[] {7, 7, 14, 10, 28}, bench.ints(out, 5));
        }
    }

    @Test
    void virtualFunctionsOfObjectsOnTheHeapAreCalled() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            long out = bench.upload(new float[6]);
            bench.launch("virtual_calls", KernelBench.line(1, 6), out);
            assertArrayEquals(new float[] {0, 3, 4, 27, 16, 75}, bench.floats(out, 6));
        }
    }

    @Test
    void functionsRecur() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            long out = bench.upload(new int[8]);
            bench.launch("recursion", KernelBench.line(1, 8), out);
            assertArrayEquals(new int[] {3, 5, 7, 9, 11, 13, 15, 17}, bench.ints(out, 8));
        }
    }

    // The heap, assertions, printf

    @Test
    void theHeapOutlivesLaunches() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            bench.launch("build_lists", KernelBench.line(1, 64), 20);
            long out = bench.upload(new int[64]);
            bench.launch("sum_lists", KernelBench.line(1, 64), out);
            int[] expected = new int[64];
            for (int t = 0; t < 64; t++) {
                expected[t] = 190 + 20 * t;
            }
            assertArrayEquals(expected, bench.ints(out, 64));
            DeviceException twice =
                    assertThrows(DeviceException.class, () -> bench.launch("sum_lists", KernelBench.line(1, 1), out));
            assertTrue(String.valueOf(twice.getMessage()).startsWith("free of 0x"), twice.getMessage());
        }
    }

    @Test
    void mallocAnswersNullWhenTheHeapIsFull() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            long out = bench.upload(0);
            bench.launch("exhaust", KernelBench.line(1, 1), out);
            assertEquals(8, bench.ints(out, 1)[0]);
        }
    }

    @Test
    void failedAssertionsSayWhatAndWhere() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            bench.launch("asserts", KernelBench.line(1, 4), 4);
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("asserts", KernelBench.line(1, 8), 6));
            assertEquals(CudaStatus.ASSERT, thrown.status());
            String message = String.valueOf(thrown.getMessage());
            assertTrue(message.startsWith("assertion `(int) threadIdx.x < limit` failed in "), message);
            assertTrue(message.contains("calls.cu:"), message);
            assertTrue(message.contains("thread (6,0,0)"), message);
        }
    }

    @Test
    void kernelsPrint() throws DeviceException {
        try (KernelBench bench = bench("calls")) {
            bench.launch("prints", KernelBench.line(1, 3), 3.14159);
            assertEquals("thread 1:  3.14 text 1099511627776\n", bench.output());
        }
    }

    // Halves

    private static int finiteHalves(int bits) {
        // Exponents of 8 .. 23 of 31: products and sums stay far from both ends.
        return (bits & 0xBFFF_BFFF & ~0x4000_4000) | 0x2000_2000;
    }

    private static short half(double value) {
        return Float.floatToFloat16((float) value);
    }

    private static int pair(float low, float high) {
        return (Float.floatToFloat16(low) & 0xFFFF) | Float.floatToFloat16(high) << 16;
    }

    private static float low(int pair) {
        return Float.float16ToFloat((short) pair);
    }

    private static float high(int pair) {
        return Float.float16ToFloat((short) (pair >>> 16));
    }

    private static float bfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
        return Float.intBitsToFloat(rounded & 0xFFFF_0000);
    }

    private static int[] words(short... values) {
        int[] words = new int[values.length / 2];
        for (int i = 0; i < values.length; i++) {
            words[i / 2] |= (values[i] & 0xFFFF) << (16 * (i % 2));
        }
        return words;
    }
}
