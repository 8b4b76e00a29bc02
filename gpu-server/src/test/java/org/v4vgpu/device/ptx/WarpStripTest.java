package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.VectorUnit;
import org.v4vgpu.proto.CudaStatus;

/** Warps whose lanes run as one strip tell each other what lanes do that run singly, and what the ISA says. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WarpStripTest {
    private static final int THREADS = 64;

    @BeforeAll
    static void assumeVectors() {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
    }

    // Shuffles

    /** PTX ISA 9.7.9.6, of literals, of registers that the block shares, and of registers of each thread. */
    @ParameterizedTest
    @CsvSource({
        "up, 0 0 1 0 5 0 16 0 31 0 3 6144 3 6175 37 0",
        "down, 0 31 1 31 8 31 16 31 31 31 2 6175 3 20",
        "bfly, 1 31 2 31 4 31 8 31 16 31 21 31 4 7199 8 6175 1 14",
        "idx, 0 31 7 31 40 31 3 6175 9 5",
    })
    void shufflesTakeFromTheRightLane(String mode, String pairs) throws DeviceException {
        int[] numbers =
                Arrays.stream(pairs.split(" ")).mapToInt(Integer::parseInt).toArray();
        List<String> bodies = new ArrayList<>();
        for (int n = 0; n < numbers.length; n += 2) {
            String given = "add.u32 %b, %zero, " + numbers[n] + "; add.u32 %c, %zero, " + numbers[n + 1]
                    + "; and.b32 %t, %x, 1; add.u32 %bt, %b, %t; add.u32 %ct, %c, %t;\n";
            for (String operands : new String[] {numbers[n] + ", " + numbers[n + 1], "%b, %c", "%bt, %c", "%b, %ct"}) {
                bodies.add(given + "shfl.sync." + mode + ".b32 %r|%p, %x, " + operands
                        + ", -1; selp.u32 %t, 1000, 0, %p; add.u32 %r, %r, %t;");
            }
        }
        int[][] found = agreeAll(bodies.toArray(String[]::new));
        for (int n = 0; n < bodies.size(); n++) {
            int b = numbers[n / 4 * 2];
            int c = numbers[n / 4 * 2 + 1];
            for (int t = 0; t < THREADS; t++) {
                int odd = value(t) & 1;
                int source = source(mode, t & 31, n % 4 == 2 ? b + odd : b, n % 4 == 3 ? c + odd : c);
                int expected = source < 0 ? value(t) : value((t & ~31) + source) + 1000;
                assertEquals(expected, found[n][t], bodies.get(n) + ", thread " + t);
            }
        }
    }

    /** As the ISA writes it. */
    private static int source(String mode, int lane, int b, int c) {
        int bval = b & 0x1f;
        int cval = c & 0x1f;
        int mask = c >> 8 & 0x1f;
        int maxLane = (lane & mask) | (cval & ~mask);
        int minLane = lane & mask;
        int j = switch (mode) {
            case "up" -> lane - bval;
            case "down" -> lane + bval;
            case "bfly" -> lane ^ bval;
            default -> minLane | (bval & ~mask);
        };
        boolean pval = mode.equals("up") ? j >= maxLane : j <= maxLane;
        return pval ? j : -1;
    }

    @Test
    void shufflesToTheirOwnSourceReadAllBefore() throws DeviceException {
        for (String i : new String[] {"bfly.b32 %x, %x, 16, 31", "bfly.b32 %x, %x, 3, 31", "down.b32 %x, %x, 4, 31"}) {
            agree("shfl.sync." + i + ", -1; mov.u32 %r, %x;", true);
        }
        int[] found = agree("shfl.sync.bfly.b32 %x, %x, 16, 31, -1; mov.u32 %r, %x;", true);
        for (int t = 0; t < THREADS; t++) {
            assertEquals(value(t ^ 16), found[t]);
        }
    }

    @Test
    void floatsAreShuffledAsBits() throws DeviceException {
        int[] found = agree(
                "cvt.rn.f32.s32 %f, %x; shfl.sync.up.b32 %f, %f, 1, 0, -1; mul.f32 %f, %f, 0f3F000000; mov.b32 %r, %f;",
                true);
        assertEquals(0.5f * value(40), Float.intBitsToFloat(found[41]));
    }

    // Votes and the rest

    @Test
    void wordsAgree() throws DeviceException {
        agreeAll(
                "vote.sync.ballot.b32 %r, %odd, -1;",
                "vote.sync.ballot.b32 %r, !%odd, -1;",
                "vote.sync.all.pred %p, %odd, -1; selp.u32 %r, 1, 0, %p;",
                "vote.sync.any.pred %p, %odd, -1; selp.u32 %r, 1, 0, %p;",
                "vote.sync.uni.pred %p, %odd, -1; selp.u32 %r, 1, 0, %p;",
                "vote.sync.uni.pred %p, %yes, -1; selp.u32 %r, 1, 0, %p;",
                "vote.sync.all.pred %p, !%yes, -1; selp.u32 %r, 1, 0, %p;",
                "setp.lt.u32 %p, %x, 200; vote.sync.uni.pred %p, %p, -1; selp.u32 %r, 1, 0, %p;",
                "setp.gt.u32 %p, %x, 20000; vote.sync.uni.pred %p, %p, -1; selp.u32 %r, 1, 0, %p;",
                "activemask.b32 %r;",
                "bar.warp.sync -1; mov.u32 %r, %x;",
                "elect.sync %r|%p, -1; selp.u32 %t, 100, 0, %p; add.u32 %r, %r, %t;",
                "elect.sync _|%p, -1; selp.u32 %r, 100, 0, %p;",
                "and.b32 %t, %x, 6; match.any.sync.b32 %r, %t, -1;",
                "and.b32 %t, %x, 6; cvt.u64.u32 %d, %t; shl.b64 %d, %d, 40; match.any.sync.b64 %r, %d, -1;",
                "match.all.sync.b32 %r|%p, %x, -1; selp.u32 %t, 100, 0, %p; add.u32 %r, %r, %t;",
                "match.all.sync.b32 %r|%p, %zero, -1; selp.u32 %t, 100, 0, %p; add.u32 %r, %r, %t;",
                "redux.sync.add.s32 %r, %x, -1;",
                "sub.s32 %t, %x, 99; redux.sync.min.s32 %r, %t, -1;",
                "sub.s32 %t, %x, 99; redux.sync.max.s32 %r, %t, -1;",
                "sub.s32 %t, %x, 99; redux.sync.min.u32 %r, %t, -1;",
                "sub.s32 %t, %x, 99; redux.sync.max.u32 %r, %t, -1;",
                "redux.sync.and.b32 %r, %x, -1;",
                "redux.sync.or.b32 %r, %x, -1;",
                "redux.sync.xor.b32 %r, %x, -1;");
    }

    @Test
    void ballotsAreTheOddLanes() throws DeviceException {
        for (int word : agree("vote.sync.ballot.b32 %r, %odd, -1;", true)) {
            assertEquals(0xAAAAAAAA, word);
        }
        for (int word : agree("redux.sync.max.u32 %r, %lane, -1;", true)) {
            assertEquals(31, word);
        }
    }

    // Where some lanes only are

    @Test
    void whoHasPartedExchangesAmongThemselves() throws DeviceException {
        int[] found = agree("""
                mov.u32 %r, 7; @%odd bra END; vote.sync.ballot.b32 %r, %yes, 0x55555555;
                shfl.sync.down.b32 %t, %x, 2, 31, 0x55555555; add.u32 %r, %r, %t; END:
                """, true);
        for (int t = 0; t < THREADS; t++) {
            int from = (t & 31) < 30 ? t + 2 : t;
            assertEquals((t & 1) == 1 ? 7 : 0x55555555 + value(from), found[t]);
        }
    }

    /** Lanes that come from two sides do it together: that takes single threads. */
    @Test
    void lanesOfBothSidesMeetInAnExchange() throws DeviceException {
        int[] found = agree("""
                @%odd bra ELSE; vote.sync.ballot.b32 %r, %odd, -1; bra END;
                ELSE: vote.sync.ballot.b32 %r, %odd, -1; END:
                """, false);
        for (int word : found) {
            assertEquals(0xAAAAAAAA, word);
        }
    }

    @Test
    void theActiveAreThoseOnTheSameWay() throws DeviceException {
        int[] found = agree("@%odd bra ELSE; activemask.b32 %r; bra END; ELSE: activemask.b32 %r; END:", true);
        for (int t = 0; t < THREADS; t++) {
            assertEquals((t & 1) == 0 ? 0x55555555 : 0xAAAAAAAA, found[t]);
        }
    }

    /** Halves of a warp that name themselves. */
    @Test
    void masksMayVary() throws DeviceException {
        int[] found = agree("""
                setp.lt.u32 %p, %lane, 16; selp.b32 %m, 0xFFFF, 0xFFFF0000, %p;
                redux.sync.add.s32 %r, %x, %m;
                """, null);
        for (int t = 0; t < THREADS; t++) {
            assertEquals(
                    IntStream.range(t & ~15, (t & ~15) + 16)
                            .map(WarpStripTest::value)
                            .sum(),
                    found[t]);
        }
    }

    // Blocks

    @ParameterizedTest
    @ValueSource(
            strings = {"popc.u32 %r, 3, %odd", "and.pred %p, 0, %odd", "or.pred %p, 0, !%odd", "and.pred %p, 1, %yes"})
    void blocksReduce(String reduction) throws DeviceException {
        String take = reduction.contains("%p,") ? "selp.u32 %r, 1, 0, %p;" : "";
        agree("bar.red." + reduction + "; " + take, true);
        agree("bar.red." + reduction + "; " + take + " shfl.sync.up.b32 %t, %x, 1, 0, -1; add.u32 %r, %r, %t;", true);
    }

    /** One warp gives up, and the others wait for it. */
    @Test
    void warpsThatGiveUpMeetTheOthers() throws DeviceException {
        int[] found = agree("""
                shl.b32 %c, %x, 2; setp.lt.u32 %p, %lane, 4; mov.u32 %b, %tid.x; setp.lt.u32 %p, %b, 40;
                selp.u32 %t, 5, 6, %p; shfl.sync.bfly.b32 %t, %t, 16, 31, -1;
                bar.red.popc.u32 %r, 0, %p; shfl.sync.idx.b32 %c, %t, 0, 31, -1; add.u32 %r, %r, %t; add.u32 %r, %r, %c;
                """, false);
        for (int t = 0; t < THREADS; t++) {
            assertEquals(40 + ((t ^ 16) < 40 ? 5 : 6) + (((t & 32) ^ 16) < 40 ? 5 : 6), found[t]);
        }
    }

    @ParameterizedTest
    @FieldSource("org.v4vgpu.device.ptx.KernelFiles#COMPILERS")
    void filesAgree(String compiler) throws DeviceException {
        int n = 2000;
        int[] x = new Random(1).ints(n, -1, 3).toArray();
        int[] votes = both(KernelFiles.text(compiler + "mathmix"), "votes", true, bench -> {
            long y = bench.memory().allocate(4L * n);
            bench.launch("votes", KernelBench.line(n / 128 + 1, 128), bench.upload(x), y, n);
            return bench.ints(y, n);
        });
        assertEquals(n, votes.length);
        float[] in = StripKernelTest.random(5000, 5);
        for (int i = 0; i < in.length; i++) {
            in[i] = Math.round(in[i] * 64); // Blocks add in any order.
        }
        both(KernelFiles.text(compiler + "reduce"), "reduce_shfl", true, bench -> {
            long out = bench.upload(0);
            bench.launch("reduce_shfl", KernelBench.line(3, 256), bench.upload(in), out, in.length);
            return bench.ints(out, 1);
        });
    }

    @Test
    void rowsThatAreNoWarpsRunSingly() throws DeviceException {
        String ptx = program("shfl.sync.down.b32 %r, %x, 1, 31, -1;");
        int[] found = both(ptx, "k", true, bench -> {
            long out = bench.memory().allocate(4L * 96);
            bench.launch("k", new LaunchShape(1, 1, 1, 16, 6, 1, 0), out, 0);
            assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
            return bench.ints(out, 16);
        });
        assertEquals(16, found.length);
    }

    /** Lanes of a warp that rely on each other's pace. */
    @Test
    void volatileWordsAreSharedInStep() throws DeviceException {
        StringBuilder tree = new StringBuilder("""
                .shared .align 4 .b8 s[512]; mov.u32 %t, s; mov.u32 %b, %tid.x; shl.b32 %b, %b, 2; add.u32 %b, %t, %b;
                st.volatile.shared.u32 [%b], %x; shfl.sync.bfly.b32 %m, %x, 1, 31, -1;
                """);
        for (int distance = 16; distance > 0; distance /= 2) {
            tree.append("ld.volatile.shared.u32 %r, [%b+").append(4 * distance);
            tree.append("]; ld.volatile.shared.u32 %c, [%b]; add.u32 %r, %r, %c; st.volatile.shared.u32 [%b], %r;\n");
        }
        int[] found = agree(
                tree + "add.u32 %r, %r, %m; and.b32 %c, %lane, 31; setp.ne.u32 %p, %c, 0; selp.u32 %r, 0, %r, %p;",
                true);
        int sum = IntStream.range(0, 32).map(WarpStripTest::value).sum();
        assertEquals(sum + value(1), found[0]);
        assertEquals(sum + 32 * 96 + value(33), found[32]);
    }

    // What goes wrong

    @Test
    void faultsNameTheThread() throws DeviceException {
        String ptx = program("shfl.sync.down.b32 %r, %x, 1, 31, -1;");
        String[] messages = new String[2];
        for (int form = 0; form < 2; form++) {
            try (KernelBench bench = new KernelBench(ptx)) {
                assertTrue(bench.module().kernel("k").useStrips(form == 1));
                long out = bench.memory().allocate(256);
                DeviceException thrown =
                        assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 128), out, 0));
                assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
                messages[form] = String.valueOf(thrown.getMessage()).replaceAll("0x[0-9a-f]+", "0x");
            }
        }
        assertEquals(messages[0], messages[1]);
        assertTrue(messages[1].contains("thread (64,0,0), PTX line"), messages[1]);
    }

    @Test
    void endlessLoopsAreCancelled() throws Exception {
        String ptx = program("TOP: shfl.sync.bfly.b32 %x, %x, 1, 31, -1; setp.ne.u32 %p, %zero, 1; @%p bra TOP;");
        try (KernelBench bench = new KernelBench(ptx)) {
            assertTrue(bench.module().kernel("k").useStrips(true));
            Cancellation cancellation = new Cancellation();
            Thread canceller = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(100_000_000);
                cancellation.cancel();
            });
            long out = bench.memory().allocate(4 * THREADS);
            DeviceException thrown = assertThrows(
                    DeviceException.class, () -> bench.launch("k", KernelBench.line(1, THREADS), cancellation, out, 0));
            assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status());
            canceller.join();
        }
    }

    /** Others may have changed what was stored before a fence by the time the warp would begin again. */
    @Test
    void nothingGivesUpBehindWhatAFencePublishes() throws DeviceException {
        String published = """
                add.u32 %t, %lane, 1; st.global.u32 [%o], %t; membar.gl; st.global.u32 [%o], %x;
                shfl.sync.down.b32 %r, %x, 1, 31, -1; mov.u32 %b, %tid.x;
                """;
        agree(published + "setp.lt.u32 %p, %b, 40; selp.u32 %t, 5, 6, %p; add.u32 %r, %r, %t;", true);
        String widened = "mul.wide.u32 %d, %b, 4; cvt.u32.u64 %t, %d; add.u32 %r, %r, %t;";
        try (KernelBench bench = new KernelBench(program(published + widened))) {
            assertFalse(bench.module().kernel("k").useStrips(true));
        }
    }

    /** The same without a fence: other blocks may answer to what they see, and what strips read may be something else the next time. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "st.global.u32 [%o], %x | true",
                "st.volatile.global.u32 [%o], %x | false",
                "st.relaxed.gpu.global.u32 [%o], %x | false",
                "st.release.gpu.global.u32 [%o], %x | false",
                "ld.global.u32 %c, [%o]; st.shared.u32 [s], %c | true",
                "ld.volatile.global.u32 %c, [%o]; st.shared.u32 [s], %c | false",
                "ld.acquire.gpu.global.u32 %c, [%o]; st.shared.u32 [s], %c | false",
                "ld.volatile.shared.u32 %c, [s]; st.global.u32 [%o], %c | true",
                "st.volatile.shared.u32 [s], %x | true",
            })
    void nothingGivesUpBehindWhatOthersSeeAtOnce(String access, boolean may) throws DeviceException {
        String ptx = program(".shared .align 4 .b8 s[4];\n" + access + ";\n" + """
                shfl.sync.down.b32 %r, %x, 1, 31, -1; mov.u32 %b, %tid.x; mul.wide.u32 %d, %b, 4;
                cvt.u32.u64 %t, %d; add.u32 %r, %r, %t;
                """);
        try (KernelBench bench = new KernelBench(ptx)) {
            assertEquals(may, bench.module().kernel("k").useStrips(true));
        }
    }

    // A kernel around it

    private interface Run {
        int[] with(KernelBench bench) throws DeviceException;
    }

    private static int value(int thread) {
        return 3 * thread + 5;
    }

    /** Thread t has 3 t + 5 in x and its lane's number in lane; its result is in r. */
    private static String program(String body) {
        return """
                .version 8.0
                .target sm_90
                .address_size 64
                .visible .entry k(.param .u64 out, .param .u32 zero) {
                    .reg .b32 %x, %r, %t, %b, %c, %bt, %ct, %m, %lane, %zero, %i; .reg .b64 %d, %o; .reg .f32 %f; .reg .pred %p, %odd, %yes;
                    ld.param.u64 %o, [out]; ld.param.u32 %zero, [zero]; mov.u32 %i, %tid.x; mov.u32 %lane, %laneid;
                    mul.wide.u32 %d, %i, 4; add.u64 %o, %o, %d;
                    mad.lo.u32 %x, %i, 3, 5; and.b32 %t, %lane, 1; setp.ne.u32 %odd, %t, 0; setp.eq.u32 %yes, %zero, 0;
                """ + body + "\nst.global.u32 [%o], %r; ret;\n}\n";
    }

    /**
     * Runs a piece in both forms, which must leave the same.
     *
     * @param whole whether strips run it to the end; null where they need not run it at all
     */
    private static int[] agree(String body, @Nullable Boolean whole) throws DeviceException {
        return both(program(body), "k", whole != null, bench -> {
            long out = bench.memory().allocate(4 * THREADS);
            bench.launch("k", KernelBench.line(1, THREADS), out, 0);
            long left = bench.module().kernel("k").blocksThatLeftStrips();
            if (whole != null && whole) {
                assertEquals(0, left, body);
            }
            return bench.ints(out, THREADS);
        });
    }

    /** Runs pieces one after the other in one program, in both forms and to the end; the results of each. */
    private static int[][] agreeAll(String... bodies) throws DeviceException {
        StringBuilder text = new StringBuilder();
        for (int n = 0; n < bodies.length; n++) {
            text.append(bodies[n])
                    .append("\nst.global.u32 [%o+")
                    .append(4 * THREADS * (n + 1)) // The program's own result comes first.
                    .append("], %r;\n");
        }
        int[] words = both(program(text.toString()), "k", true, bench -> {
            long out = bench.memory().allocate(4L * THREADS * (bodies.length + 1));
            bench.launch("k", KernelBench.line(1, THREADS), out, 0);
            assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
            return bench.ints(out, THREADS * (bodies.length + 1));
        });
        int[][] found = new int[bodies.length][];
        for (int n = 0; n < bodies.length; n++) {
            found[n] = Arrays.copyOfRange(words, THREADS * (n + 1), THREADS * (n + 2));
        }
        return found;
    }

    private static int[] both(String ptx, String kernel, boolean hasForm, Run run) throws DeviceException {
        int[][] found = new int[2][];
        for (int form = 0; form < 2; form++) {
            try (KernelBench bench = new KernelBench(ptx + "\n// " + form + "\n")) {
                boolean formed = bench.module().kernel(kernel).useStrips(form == 1);
                assertTrue(formed || !hasForm, ptx);
                found[form] = run.with(bench);
            }
        }
        assertArrayEquals(found[0], found[1], ptx);
        return found[1];
    }
}
