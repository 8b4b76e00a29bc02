package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;

/** What nvcc makes of the toolkit's own libraries: SIMD intrinsics, vector atomics, cub, cuda::atomic, cuda::barrier, cooperative groups. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LibraryKernelTest {
    private static KernelBench bench(String file) throws DeviceException {
        return KernelBench.ofFile("full/" + file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"libraries", "libraries-100"})
    void intrinsicsWorkOnParts(String file) throws DeviceException {
        int n = 500;
        Random random = new Random(1);
        int[] a = random.ints(n).toArray();
        int[] b = random.ints(n)
                .map(x -> random.nextBoolean() ? x : x & 0x7F7F_7F7F)
                .toArray();
        a[0] = 0x8000_8080;
        b[0] = 0x7FFF_7F7F;
        int[] found;
        try (KernelBench bench = bench(file)) {
            long out = bench.upload(new int[12 * n]);
            bench.launch("simd", KernelBench.line(4, 128), bench.upload(a), bench.upload(b), out, n);
            found = bench.ints(out, 12 * n);
        }
        for (int i = 0; i < n; i++) {
            int x = a[i];
            int y = b[i];
            int[] expected = {
                parts(x, y, 8, false, (p, q) -> Math.abs(p - q)),
                sum(x, y, 8, false),
                parts(x, y, 16, true, (p, q) -> Math.abs(p - q)),
                sum(x, y, 16, true),
                parts(x, y, 8, true, (p, q) -> Math.clamp(p + q, -128, 127)),
                parts(x, y, 16, false, (p, q) -> Math.min(p + q, 65535)),
                // Halves go away from zero.
                parts(x, y, 8, true, (p, q) -> p + q >= 0 ? (p + q + 1) >> 1 : (p + q) >> 1),
                parts(x, y, 16, false, (p, q) -> (p + q + 1) >> 1),
                parts(x, y, 8, true, Math::max),
                parts(x, y, 8, false, (p, q) -> p > q ? 0xFF : 0),
                parts(x, y, 16, true, (p, q) -> p <= q ? 1 : 0),
                parts(x, y, 8, true, (p, _) -> Math.min(-p, 127)),
            };
            for (int each = 0; each < expected.length; each++) {
                int which = each;
                assertEquals(
                        Integer.toHexString(expected[each]),
                        Integer.toHexString(found[each * n + i]),
                        () -> "intrinsic " + which + " of " + Integer.toHexString(x) + " and "
                                + Integer.toHexString(y));
            }
        }
    }

    private static int part(int a, int at, int bits, boolean signed) {
        int high = a << (32 - bits - at);
        return signed ? high >> (32 - bits) : high >>> (32 - bits);
    }

    private static int parts(int a, int b, int bits, boolean signed, IntBinaryOperator each) {
        int found = 0;
        for (int at = 0; at < 32; at += bits) {
            int value = each.applyAsInt(part(a, at, bits, signed), part(b, at, bits, signed));
            found |= (value & ((1 << bits) - 1)) << at;
        }
        return found;
    }

    private static int sum(int a, int b, int bits, boolean signed) {
        int found = 0;
        for (int at = 0; at < 32; at += bits) {
            found += Math.abs(part(a, at, bits, signed) - part(b, at, bits, signed));
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(strings = {"libraries", "libraries-100"})
    void blocksSortReduceAndScan(String file) throws DeviceException {
        int blocks = 3;
        int[] in = new Random(2).ints(256L * blocks, -1000, 1000).toArray();
        try (KernelBench bench = bench(file)) {
            long sorted = bench.upload(new int[in.length]);
            long sums = bench.upload(new int[blocks]);
            long prefix = bench.upload(new int[in.length]);
            bench.launch("blocks", KernelBench.line(blocks, 128), bench.upload(in), sorted, sums, prefix);
            int[] order = bench.ints(sorted, in.length);
            int[] before = bench.ints(prefix, in.length);
            for (int block = 0; block < blocks; block++) {
                int[] part = Arrays.copyOfRange(in, 256 * block, 256 * block + 256);
                int sum = 0;
                for (int i = 0; i < 256; i++) {
                    assertEquals(sum, before[256 * block + i]);
                    sum += part[i];
                }
                assertEquals(sum, bench.ints(sums, blocks)[block]);
                Arrays.sort(part);
                for (int i = 0; i < 256; i++) {
                    assertEquals(part[i], order[256 * block + i]);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"libraries", "libraries-100"})
    void atomicsOfAllTypesCount(String file) throws DeviceException {
        int n = 6 * 64;
        try (KernelBench bench = bench(file)) {
            long a = bench.upload(5);
            long d = bench.upload(1.0);
            long u = bench.upload(0, 0);
            long c = bench.upload(0);
            long s = bench.upload(0);
            long f = bench.upload(new float[12]);
            bench.launch("atomics", KernelBench.line(6, 64), a, d, u, c, s, f);
            assertEquals(5 + n * (n - 1) / 2, bench.ints(a, 1)[0]);
            assertEquals(1 + n / 2.0, bench.doubles(d, 1)[0]);
            assertEquals((n - 1) * (n - 1), bench.ints(u, 2)[0]);
            // Small types are atomic in a word of their own, whose rest does not count.
            assertEquals(n & 255, bench.ints(c, 1)[0] & 255);
            assertEquals(0xFFFF, bench.ints(s, 1)[0] & 0xFFFF);
            float[] floats = bench.floats(f, 12);
            assertEquals(n, floats[0]);
            assertEquals(1 - n, floats[1]);
            assertEquals(0, floats[2]);
            if (file.endsWith("100")) {
                for (int i = 0; i < 3; i++) {
                    assertEquals((i + 1) * n, floats[4 + i]);
                }
                assertEquals(n * (n - 1) / 2f, floats[7]);
                assertEquals(-n, floats[8]);
                assertEquals(n / 4f, floats[9]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"libraries", "libraries-100"})
    void groupsReduceScanAndPart(String file) throws DeviceException {
        int n = 64;
        int[] in = new Random(3).ints(n, 0, 100).toArray();
        int[] found;
        try (KernelBench bench = bench(file)) {
            long out = bench.upload(new int[4 * n]);
            bench.launch("groups", KernelBench.line(1, n), bench.upload(in), out);
            found = bench.ints(out, 4 * n);
        }
        for (int t = 0; t < n; t++) {
            int warp = t & -32;
            int eight = t & -8;
            int own = in[t];
            IntStream lanes = IntStream.range(warp, warp + 32).map(i -> in[i]);
            assertEquals(lanes.sum(), found[t]);
            assertEquals(IntStream.rangeClosed(eight, t).map(i -> in[i]).sum(), found[n + t]);
            assertEquals(
                    IntStream.range(warp, warp + 32)
                            .map(i -> in[i])
                            .filter(v -> (v & 3) == (own & 3))
                            .max()
                            .orElseThrow(),
                    found[2 * n + t]);
            long odd = IntStream.range(warp, warp + 32)
                    .filter(i -> (in[i] & 1) != 0)
                    .count();
            long before = IntStream.range(warp, t).filter(i -> (in[i] & 1) != 0).count();
            assertEquals((own & 1) == 0 ? 0 : odd * 100 + before, found[3 * n + t]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"libraries", "libraries-100"})
    void barriersWaitForCopies(String file) throws DeviceException {
        int[] in = new Random(4).ints(128, 0, 1000).toArray();
        try (KernelBench bench = bench(file)) {
            long out = bench.upload(new int[128]);
            bench.launch("barriers", KernelBench.line(1, 128), bench.upload(in), out);
            int[] found = bench.ints(out, 128);
            for (int t = 0; t < 128; t++) {
                assertEquals(in[127 - t] + in[t], found[t]);
            }
        }
    }
}
