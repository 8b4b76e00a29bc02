package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.VectorUnit;

/** Kernels whose threads run in strips compute what they compute when each thread runs for itself. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StripKernelTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    /** In one form and in the other. */
    private interface Run<T> {
        T with(KernelBench bench, boolean strips) throws DeviceException;
    }

    @BeforeAll
    static void assumeVectors() {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
    }

    /** The factor is the word 0xFFFFFFFF, which widens to 4,294,967,295. */
    @ParameterizedTest
    @ValueSource(strings = {"mul.wide.u32 %d3, %r1, -1", "mad.wide.u32 %d3, -1, %r1, %d4", "mul.wide.u32 %d3, %r2, -2"})
    void unsignedFactorsAreWords(String product) throws DeviceException {
        String ptx = """
                .version 7.0
                .target sm_75
                .address_size 64
                .visible .entry k(.param .u64 out) {
                    .reg .b32 %r<3>; .reg .b64 %d<5>;
                    ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 8; add.u64 %d2, %d1, %d2;
                    add.u32 %r2, %r1, 5; mov.u64 %d4, 0;
                """ + product + "; st.global.u64 [%d2], %d3; ret;\n}\n";
        try (KernelBench bench = new KernelBench(ptx)) {
            assertTrue(bench.module().kernel("k").useStrips(true));
            long out = bench.memory().allocate(8 * 32);
            bench.launch("k", KernelBench.line(1, 32), out);
            long[] found = bench.memory().segment(out, 8 * 32).toArray(ValueLayout.JAVA_LONG);
            for (int t = 0; t < 32; t++) {
                assertEquals(product.endsWith("-2") ? (t + 5) * 0xFFFF_FFFEL : t * 0xFFFF_FFFFL, found[t], product);
            }
        }
    }

    /** The first thread's store would be seen by the second one's load, if they did not run as one. */
    @ParameterizedTest
    @CsvSource({"48, 16", "64, 32"})
    void threadsOfAStripRunAsOne(int threads, int strip) throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 out) {
                    .reg .b32 %r<6>; .reg .b64 %d<4>; .shared .align 4 .b8 s[512];
                    ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d3, %d1, %d2;
                    shl.b32 %r2, %r1, 2; mov.u32 %r3, s; add.u32 %r5, %r2, %r3;
                    ld.shared.u32 %r4, [%r5]; st.global.u32 [%d3], %r4; st.shared.u32 [%r5+4], 7; ret;
                }
                """;
        int[] seen = inStrips(ptx, "k", true, (bench, _) -> {
            long out = bench.memory().allocate(4L * threads);
            bench.launch("k", KernelBench.line(1, threads), out);
            return bench.ints(out, threads);
        });
        for (int t = 0; t < threads; t++) {
            assertEquals(t > 0 && t % strip == 0 ? 7 : 0, seen[t], "thread " + t);
        }
    }

    @ParameterizedTest
    @CsvSource({"vecadd, 1", "vecadd, 1000", "vecadd, 4096"})
    void additionsAgree(String file, int n) throws DeviceException {
        float[] a = random(n, 1);
        float[] b = random(n, 2);
        agree(KernelFiles.text(file), "vecadd", true, (bench, _) -> {
            long out = bench.memory().allocate(4L * n);
            bench.launch("vecadd", KernelBench.line((n + 127) / 128, 128), bench.upload(a), bench.upload(b), out, n);
            return bench.floats(out, n);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 33, 64, 100})
    void productsAgree(int n) throws DeviceException {
        float[] a = random(n * n, 1);
        float[] b = random(n * n, 2);
        for (String kernel : new String[] {"matmul_naive", "matmul_tiled"}) {
            agree(KernelFiles.text("matmul"), kernel, true, (bench, _) -> {
                long c = bench.memory().allocate(4L * n * n);
                LaunchShape shape = new LaunchShape((n + 15) / 16, (n + 15) / 16, 1, 16, 16, 1, 0);
                bench.launch(kernel, shape, bench.upload(a), bench.upload(b), c, n);
                return bench.floats(c, n * n);
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"3,3", "16,16", "64,48", "100,64", "130,7"})
    void stencilsAgree(int w, int h) throws DeviceException {
        float[] in = random(w * h, 3);
        agree(KernelFiles.text("stencil"), "jacobi_naive", true, (bench, _) -> {
            long out = bench.memory().allocate(4L * w * h);
            LaunchShape shape = new LaunchShape((w + 31) / 32, (h + 7) / 8, 1, 32, 8, 1, 0);
            bench.launch("jacobi_naive", shape, bench.upload(in), out, w, h);
            return bench.floats(out, w * h);
        });
    }

    /** Words that do not lie side by side. */
    @ParameterizedTest
    @CsvSource({"32,32", "33,65", "128,64"})
    void transpositionsAgree(int w, int h) throws DeviceException {
        float[] in = random(w * h, 4);
        agree(KernelFiles.text("transpose"), "transpose", true, (bench, _) -> {
            long out = bench.memory().allocate(4L * w * h);
            LaunchShape shape = new LaunchShape((w + 31) / 32, (h + 31) / 32, 1, 32, 8, 1, 0);
            bench.launch("transpose", shape, bench.upload(in), out, w, h);
            return bench.floats(out, w * h);
        });
    }

    /** Threads that leave a loop one by one. */
    @ParameterizedTest
    @CsvSource({"16,16", "64,48", "100,37"})
    void mandelbrotSetsAgree(int w, int h) throws DeviceException {
        agree(KernelFiles.text("mandelbrot"), "mandel", true, (bench, _) -> {
            long out = bench.memory().allocate(4L * w * h);
            LaunchShape shape = new LaunchShape((w + 15) / 16, (h + 15) / 16, 1, 16, 16, 1, 0);
            bench.launch("mandel", shape, out, w, h, -2f, -1.25f, 2.5f / w, 2.5f / h, 100);
            return bench.floats(out, w * h);
        });
    }

    /** Words at addresses that vary, and a barrier between. */
    @Test
    void sumsAgree() throws DeviceException {
        float[] in = random(5000, 5);
        agree(KernelFiles.text("reduce"), "reduce_sync", true, (bench, _) -> {
            long out = bench.memory().allocate(40);
            bench.launch("reduce_sync", new LaunchShape(10, 1, 1, 256, 1, 1, 1024), bench.upload(in), out, 5000);
            return bench.floats(out, 10);
        });
    }

    /** Not a kernel of whole strips: it has no second form, or never gets it. */
    @Test
    void oddBlocksRunSingly() throws DeviceException {
        float[] a = random(1000, 1);
        agree(KernelFiles.text("vecadd"), "vecadd", true, (bench, _) -> {
            long out = bench.memory().allocate(4000);
            bench.launch("vecadd", KernelBench.line(42, 24), bench.upload(a), bench.upload(a), out, 1000);
            return bench.floats(out, 1000);
        });
    }

    /** A strip that gave up behind such a store would read what it has written: it parts, and knows what lies side by side. */
    @ParameterizedTest
    @ValueSource(ints = {1, 16, 33, 64, 70, 96})
    void whatIsReadAndWrittenAgainNeverGivesUp(int n) throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 x, .param .u32 n) {
                    .reg .b32 %r<4>; .reg .b64 %d<3>; .reg .pred %p; .reg .f32 %f;
                    ld.param.u64 %d1, [x]; ld.param.u32 %r2, [n]; mov.u32 %r1, %tid.x;
                TOP:
                    mul.wide.u32 %d2, %r1, 4; add.u64 %d2, %d2, %d1;
                    ld.global.f32 %f, [%d2]; add.f32 %f, %f, %f; st.global.f32 [%d2], %f;
                    add.u32 %r1, %r1, 32; setp.lt.u32 %p, %r1, %r2; @%p bra TOP; ret;
                }
                """;
        float[] values = random(128, 9);
        float[] found = inStrips(ptx, "k", true, (bench, _) -> {
            long x = bench.upload(values);
            bench.launch("k", KernelBench.line(1, 32), x, n);
            assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
            return bench.floats(x, 128);
        });
        for (int i = 0; i < 128; i++) {
            assertEquals(i < Math.max(n, 32) ? 2 * values[i] : values[i], found[i], "word " + i);
        }
    }

    /**
     * Accesses in loops at addresses that nothing is known of: side by side, or not, by words of four and of eight bytes, where memory
     * ends and at odd addresses.
     */
    @ParameterizedTest
    @CsvSource({
        "u32,4,0,1",
        "u32,4,0,2",
        "u32,4,0,0",
        "u32,4,4,1",
        "u32,4,2,1",
        "u32,4,1008,1",
        "u32,4,1048576,1",
        "u64,8,0,1",
        "u64,8,0,3",
        "u64,8,8,1",
        "u64,8,4,1",
        "u64,8,992,1"
    })
    void wordsThatTurnOutToLieSideBySide(String type, int bytes, int from, int apart) throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 a, .param .u64 out, .param .u32 from, .param .u32 apart) {
                    .reg .b32 %r<8>; .reg .b64 %d<8>; .reg .TYPE %v; .reg .pred %p;
                    ld.param.u64 %d1, [a]; ld.param.u64 %d2, [out]; ld.param.u32 %r2, [from]; ld.param.u32 %r3, [apart];
                    mov.u32 %r1, %tid.x; mul.lo.u32 %r4, %r1, %r3; mad.lo.u32 %r4, %r4, BYTES, %r2;
                    cvt.u64.u32 %d3, %r4; add.u64 %d3, %d1, %d3; mul.wide.u32 %d4, %r1, BYTES; add.u64 %d4, %d2, %d4;
                    shr.u32 %r5, %r1, 2; mov.u32 %r6, 0;
                TOP:
                    ld.global.TYPE %v, [%d3+BYTES]; add.TYPE %v, %v, 5; st.global.TYPE [%d4], %v;
                    add.u64 %d3, %d3, BYTES; add.u64 %d4, %d4, 512; add.u32 %r6, %r6, 1;
                    setp.le.u32 %p, %r6, %r5; @%p bra TOP;
                    ret;
                }
                """.replace("TYPE", type).replace("BYTES", Integer.toString(bytes));
        int[][] found = new int[2][];
        String[] faults = {"", ""};
        for (int form = 0; form < 2; form++) {
            try (KernelBench bench = new KernelBench(ptx + "// " + form)) {
                assertTrue(bench.module().kernel("k").useStrips(form == 1), ptx);
                long out = bench.memory().allocate(512 * 17);
                long a = bench.upload(IntStream.range(0, 256).toArray());
                try {
                    bench.launch("k", KernelBench.line(1, 16), a, out, from, apart);
                } catch (DeviceException wrong) {
                    faults[form] = String.valueOf(wrong.getMessage()).replaceAll("0x[0-9a-f]+", "0x");
                    continue;
                }
                found[form] = bench.ints(out, 128 * 17);
            }
        }
        assertEquals(faults[0], faults[1]);
        assertEquals(from % bytes != 0 || from > 900, !faults[0].isEmpty(), faults[0]);
        assertArrayEquals(found[0], found[1]);
    }

    /** Some threads have doubled their word when the others' comparison would tell that the strip can't go on: it can't begin again. */
    @Test
    void aSiblingOfBlocksThatStoredDoesNotGiveUp() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 a, .param .u64 b, .param .u32 m) {
                    .reg .b32 %r<3>; .reg .b64 %d<6>; .reg .pred %p, %q; .reg .f32 %f<3>;
                    ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u32 %r2, [m]; mov.u32 %r1, %tid.x;
                    mul.wide.u32 %d3, %r1, 4; add.u64 %d4, %d1, %d3; add.u64 %d5, %d2, %d3;
                    ld.global.f32 %f1, [%d4]; setp.gt.f32 %p, %f1, 0f00000000; @!%p bra ELSE;
                    add.f32 %f2, %f1, %f1; st.global.f32 [%d4], %f2; bra END;
                ELSE:
                    TEST; @%q bra END; st.global.f32 [%d5], %f1;
                END:
                    ret;
                }
                """;
        for (String test :
                new String[] {"setp.ge.u32 %q, %r1, %r2", "ld.global.f32 %f2, [%d5+64]; setp.eq.f32 %q, %f2, 0f40000000"
                }) {
            float[] values = random(32, 7);
            float[] found = inStrips(ptx.replace("TEST", test), "k", true, (bench, _) -> {
                long a = bench.upload(values);
                bench.launch("k", KernelBench.line(1, 32), a, bench.memory().allocate(256), 8);
                assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
                return bench.floats(a, 32);
            });
            for (int i = 0; i < 32; i++) {
                assertEquals(values[i] > 0 ? 2 * values[i] : values[i], found[i], test + ", " + i);
            }
        }
    }

    /** Threads in their order, those of them that are there, to one place and to places of their own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "atom.global.add.u32 %r3, [%d1+128], %r1",
                "atom.global.max.u32 %r3, [%d1+128], %r1",
                "atom.global.exch.b32 %r3, [%d1+128], %r1",
                "atom.global.cas.b32 %r3, [%d1+128], 0, %r1",
                "red.global.add.u32 [%d2], 5; ld.global.u32 %r3, [%d2]",
                "atom.global.add.u32 %r3, [%d2], %r1; atom.global.add.u32 _, [%d2], 2; ld.relaxed.gpu.global.u32 %r3, [%d2]",
                "atom.shared.add.u32 %r3, [s], %r1",
                "atom.add.u32 %r3, [%d1+128], %r2",
                "@!%p atom.global.inc.u32 %r3, [%d1+128], 5",
                "fence.acq_rel.gpu; red.shared.or.b32 [s+4], %r1; ld.volatile.global.u32 %r3, [%d1+128]"
            })
    void atomicsAgree(String atomic) throws DeviceException {
        for (String branch : new String[] {"", "@%p bra END;"}) {
            String ptx = HEAD + """
                    .visible .entry k(.param .u64 a, .param .u32 two) {
                        .reg .b32 %r<6>; .reg .b64 %d<3>; .reg .pred %p; .shared .align 4 .b8 s[8];
                        ld.param.u64 %d1, [a]; ld.param.u32 %r2, [two]; mov.u32 %r1, %tid.x; mov.u32 %r3, 9;
                        mul.wide.u32 %d2, %r1, 4; add.u64 %d2, %d1, %d2; and.b32 %r4, %r1, 5; setp.eq.u32 %p, %r4, 1;
                        add.u32 %r4, %r4, %r1; xor.b32 %r4, %r4, 3;
                    """ + branch + atomic + """
                    ;
                    END: add.u32 %r3, %r3, 100; add.u32 %r4, %r4, %r3; xor.b32 %r3, %r3, %r4;
                        st.global.u32 [%d2+256], %r3; ld.shared.u32 %r5, [s+4]; st.global.u32 [%d2+512], %r5; ret; }
                    """;
            int[][] found = new int[2][];
            for (int form = 0; form < 2; form++) {
                try (KernelBench bench = new KernelBench(ptx + "// " + form)) {
                    assertTrue(bench.module().kernel("k").useStrips(form == 1), ptx);
                    long a = bench.upload(new int[160]);
                    bench.launch("k", KernelBench.line(1, 32), a, 2);
                    assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips(), ptx);
                    found[form] = bench.ints(a, 160);
                }
            }
            assertArrayEquals(Arrays.copyOf(found[0], 96), Arrays.copyOf(found[1], 96), ptx);
        }
    }

    /** The first block's register is its own, so to speak: but others that come later still have a value in it. */
    @Test
    void whatAnotherBlockStillReadsIsKept() throws DeviceException {
        oddThreads("""
                shl.b32 %r4, %r1, 2; @%p bra ELSE;
                    mov.u32 %r4, 5; st.global.u32 [%d2], %r4; bra END;
                ELSE:
                    st.global.u32 [%d2], %r4;
                END:
                """, t -> t % 2 == 0 ? 5 : 4 * t);
    }

    /** Both predicates of a comparison that is the same for all who do it. */
    @Test
    void bothPredicatesStayThoseOfTheOthers() throws DeviceException {
        oddThreads("""
                and.b32 %r3, %r1, 2; setp.ne.u32 %q, %r3, 0; setp.ne.u32 %v, %r3, 0; @%p bra END;
                    setp.lt.u32 %q|%v, 1, %r2;
                END:
                    selp.b32 %r3, 1, 0, %q; selp.b32 %r4, 2, 0, %v; add.u32 %r4, %r3, %r4; st.global.u32 [%d2], %r4;
                """, t -> t % 2 == 0 ? 1 : (t & 2) == 0 ? 0 : 3);
    }

    /** Runs a piece that odd threads, those with {@code %p}, leave, in strips to the end. */
    private static void oddThreads(String piece, IntUnaryOperator expected) throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 a, .param .u32 two) {
                    .reg .b32 %r<5>; .reg .b64 %d<3>; .reg .pred %p, %q, %v;
                    ld.param.u64 %d1, [a]; ld.param.u32 %r2, [two]; mov.u32 %r1, %tid.x;
                    mul.wide.u32 %d2, %r1, 4; add.u64 %d2, %d1, %d2; and.b32 %r3, %r1, 1; setp.ne.u32 %p, %r3, 0;
                """ + piece + "ret; }\n";
        int[] found = inStrips(ptx, "k", true, (bench, _) -> {
            long a = bench.memory().allocate(128);
            bench.launch("k", KernelBench.line(1, 32), a, 2);
            assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
            return bench.ints(a, 32);
        });
        assertArrayEquals(IntStream.range(0, 32).map(expected).toArray(), found);
    }

    /** Methods of the JVM have 64 KiB; vectors of few bits, as some processors have them, need more of these for the same strip. */
    @Test
    void aFormThatIsTooLongIsNone() throws DeviceException {
        StringBuilder loads = new StringBuilder();
        for (int i = 0; i < 580; i++) {
            loads.append("ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%d2+")
                    .append(512 * (i % 4))
                    .append("];\n");
        }
        String ptx = HEAD + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                    .reg .b32 %r; .reg .b64 %d<6>; .reg .f32 %f<4>;
                    ld.param.u64 %d0, [in]; mov.u32 %r, %tid.x; mul.wide.u32 %d1, %r, 16; add.u64 %d2, %d0, %d1;
                """ + loads + """
                    ld.param.u64 %d3, [out]; mul.wide.u32 %d4, %r, 4; add.u64 %d5, %d3, %d4; st.global.f32 [%d5], %f3; ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            assertFalse(bench.module().kernel("k").useStrips(true));
            long in = bench.upload(random(4 * 128, 1));
            long out = bench.memory().allocate(4 * 32);
            bench.launch("k", KernelBench.line(1, 32), in, out);
            assertEquals(random(4 * 128, 1)[3 * 128 + 4 * 31 + 3], bench.floats(out, 32)[31]);
        }
    }

    /** Where coordinates end at a strip's end, none parts; where they end within, those of the edge do, and run in strips still. */
    @Test
    void stripsRunToTheEnd() throws DeviceException {
        try (KernelBench bench = KernelBench.ofFile("mandelbrot")) {
            Kernel kernel = bench.module().kernel("mandel");
            assertTrue(kernel.useStrips(true));
            long out = bench.memory().allocate(4 * 64 * 64);
            long left = kernel.blocksThatLeftStrips();
            long parted = kernel.blocksThatParted();
            LaunchShape shape = new LaunchShape(4, 4, 1, 16, 16, 1, 0);
            bench.launch("mandel", shape, out, 64, 64, -2f, -1.25f, 2.5f / 64, 2.5f / 64, 100);
            assertEquals(parted, kernel.blocksThatParted());
            bench.launch("mandel", shape, out, 60, 64, -2f, -1.25f, 2.5f / 64, 2.5f / 64, 100);
            assertEquals(parted + 4, kernel.blocksThatParted());
            assertEquals(left, kernel.blocksThatLeftStrips());
        }
        try (KernelBench bench = KernelBench.ofFile("matmul")) {
            long a = bench.upload(random(32 * 32, 1));
            for (String name : new String[] {"matmul_naive", "matmul_tiled"}) {
                Kernel kernel = bench.module().kernel(name);
                assertTrue(kernel.useStrips(true));
                long before = kernel.blocksThatLeftStrips();
                bench.launch(
                        name,
                        new LaunchShape(2, 2, 1, 16, 16, 1, 0),
                        a,
                        a,
                        bench.memory().allocate(4096),
                        32);
                assertEquals(before, kernel.blocksThatLeftStrips(), name);
            }
        }
    }

    @Test
    void everyKernelFileHasItsFormOrNone() throws DeviceException {
        for (String name : KernelFiles.NAMES) {
            CompiledModule module = CompiledModule.compile(KernelFiles.text(name));
            try (GlobalMemory memory = GlobalMemory.reserve(1 << 26)) {
                LoadedModule loaded = module.load(memory);
                for (String kernel : module.entries().keySet()) {
                    loaded.kernel(kernel).useStrips(true); // No form may be one that the JVM refuses.
                }
            }
        }
    }

    private static void agree(String ptx, String kernel, boolean hasForm, Run<float[]> run) throws DeviceException {
        float[] singly;
        try (KernelBench bench = new KernelBench(ptx + "\n// singly\n")) {
            bench.module().kernel(kernel).useStrips(false);
            singly = run.with(bench, false);
        }
        assertArrayEquals(singly, inStrips(ptx, kernel, hasForm, run));
    }

    private static <T> T inStrips(String ptx, String kernel, boolean hasForm, Run<T> run) throws DeviceException {
        try (KernelBench bench = new KernelBench(ptx)) {
            assertEquals(hasForm, bench.module().kernel(kernel).useStrips(true));
            return run.with(bench, true);
        }
    }

    static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }
}
