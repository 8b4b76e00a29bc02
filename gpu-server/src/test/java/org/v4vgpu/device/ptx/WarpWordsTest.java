package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceException;

/** Words of instructions that take a whole warp, and of functions, each against what the 32 lanes must get. */
class WarpWordsTest {
    /** Lane t has t in r1 and 3 t + 5 in r2; what it leaves in r3 is its result. */
    private static int[] run(String declarations, String body) throws DeviceException {
        String text = """
                .version 8.8
                .target sm_100
                .address_size 64
                """ + declarations + """
                .visible .entry k(.param .u64 out) {
                .reg .b32 %r<40>; .reg .pred %p<4>; .reg .u64 %rd<4>;
                mov.u32 %r1, %tid.x; mad.lo.u32 %r2, %r1, 3, 5;
                ld.param.u64 %rd1, [out]; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd1, %rd1, %rd2;
                """ + body + "\nst.global.u32 [%rd1], %r3;\nret.uni;\n}\n";
        try (KernelBench bench = new KernelBench(text)) {
            long out = bench.upload(new int[32]);
            bench.launch("k", KernelBench.line(1, 32), out);
            return bench.ints(out, 32);
        }
    }

    private static void assertAll(int expected, int[] actual) {
        for (int value : actual) {
            assertEquals(expected, value);
        }
    }

    /** A fragment of an f64 product from shared memory and back to another place there. */
    @Test
    void fragmentsComeFromAndGoToSharedMemory() throws DeviceException {
        int[] words = run(".shared .align 16 .b8 tile[1024];\n", """
                .reg .f64 %f<3>;
                mov.u32 %r5, tile; mad.lo.u32 %r4, %r1, 16, %r5;
                st.shared.v4.u32 [%r4], {%r2, 0, %r1, 0};
                bar.warp.sync -1;
                wmma.load.c.sync.aligned.row.m8n8k4.shared.f64 {%f1, %f2}, [%r5];
                add.u32 %r5, %r5, 512;
                wmma.store.d.sync.aligned.row.m8n8k4.shared.f64 [%r5], {%f1, %f2};
                bar.warp.sync -1;
                ld.shared.u32 %r3, [%r4+512];
                """);
        for (int lane = 0; lane < 32; lane++) {
            assertEquals(3 * lane + 5, words[lane]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "max.u32, 98",
        "min.u32, 5",
        "max.s32, 98",
        "min.s32, 5",
        "add.u32, 1648",
        "add.s32, 1648",
        "and.b32, 0",
        "or.b32, 127",
        "xor.b32, 0"
    })
    void reductions(String operation, int expected) throws DeviceException {
        int[] values = IntStream.range(0, 32).map(t -> 3 * t + 5).toArray();
        int reference = switch (operation) {
            case "and.b32" -> IntStream.of(values).reduce(-1, (a, b) -> a & b);
            case "or.b32" -> IntStream.of(values).reduce(0, (a, b) -> a | b);
            case "xor.b32" -> IntStream.of(values).reduce(0, (a, b) -> a ^ b);
            default -> expected;
        };
        assertAll(reference, run("", "redux.sync." + operation + " %r3, %r2, -1;"));
    }

    @Test
    void shufflesUp() throws DeviceException {
        int[] found = run("", "shfl.sync.up.b32 %r3, %r2, 3, 0, -1;");
        for (int t = 0; t < 32; t++) {
            assertEquals(3 * (t < 3 ? t : t - 3) + 5, found[t]);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "50, 0", "1000, 1"})
    void uniformVotes(int bound, int expected) throws DeviceException {
        assertAll(
                expected,
                run(
                        "",
                        "setp.lt.u32 %p1, %r2, " + bound
                                + "; vote.sync.uni.pred %p2, %p1, -1; selp.u32 %r3, 1, 0, %p2;"));
    }

    @ParameterizedTest
    @CsvSource({"%r2, 0", "7, -1"})
    void matchesAll(String value, int expected) throws DeviceException {
        assertAll(expected, run("", "match.all.sync.b32 %r3|%p1, " + value + ", -1;"));
    }

    @Test
    void functionsReadAndWriteTheirParameters() throws DeviceException {
        String twice = """
                .func (.param .b32 result) twice(.param .b32 value) {
                .reg .b32 %r;
                ld.param::func.u32 %r, [value]; shl.b32 %r, %r, 1; st.param::func.u32 [result], %r; ret.uni;
                }
                """;
        int[] found = run(twice, """
                { .param .b32 a; .param .b32 b; st.param.b32 [a], %r2; call.uni (b), twice, (a); ld.param.b32 %r3, [b]; }
                """);
        for (int t = 0; t < 32; t++) {
            assertEquals(2 * (3 * t + 5), found[t]);
        }
    }

    @Test
    void rowsGoThroughSharedMemory() throws DeviceException {
        int[] found = run("", """
                .shared .align 16 .b8 s[128];
                and.b32 %r4, %r1, 7; shl.b32 %r4, %r4, 4; mov.u32 %r5, s; add.u32 %r4, %r4, %r5;
                stmatrix.sync.aligned.m8n8.x1.shared::cta.b16 [%r4], {%r2};
                ldmatrix.sync.aligned.m8n8.x1.shared::cta.b16 {%r3}, [%r4];
                """);
        for (int t = 0; t < 32; t++) {
            assertEquals(3 * t + 5, found[t]);
        }
    }

    @Test
    void fragmentsAreTransposedInSharedMemory() throws DeviceException {
        StringBuilder fill = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            fill.append("st.shared.u32 [%r5+").append(4 * i).append("], %r6; add.u32 %r6, %r6, 1;\n");
        }
        String eight = list("%r3", 8);
        int[] found = run(
                "",
                ".shared .align 32 .b8 in[1024]; .shared .align 32 .b8 turned[1024];\n"
                        + "mov.u32 %r4, in; shl.b32 %r5, %r1, 5; add.u32 %r5, %r5, %r4; shl.b32 %r6, %r1, 3;\n"
                        + fill
                        + "bar.warp.sync -1;\n"
                        + "wmma.load.c.sync.aligned.row.m16n16k16.shared::cta.s32 " + eight + ", [in], 16;\n"
                        + "wmma.store.d.sync.aligned.col.m16n16k16.shared::cta.s32 [turned], " + eight + ", 16;\n"
                        + "bar.warp.sync -1;\n"
                        + "mov.u32 %r4, turned; mad.lo.u32 %r4, %r1, 12, %r4; ld.shared.u32 %r3, [%r4];");
        for (int t = 0; t < 32; t++) {
            int column = 3 * t / 16;
            int row = 3 * t % 16;
            assertEquals(16 * row + column, found[t]);
        }
    }

    @Test
    void sumsSaturate() throws DeviceException {
        String eight = list("%r3", 8);
        assertAll(
                Integer.MAX_VALUE,
                run(
                        "",
                        "mov.b32 %r10, 0x7f7f7f7f; mov.b32 %r11, 0x7fffff00;\n"
                                + "wmma.mma.sync.aligned.row.col.m16n16k16.s32.s8.s8.s32.satfinite " + eight
                                + ", {%r10, %r10}, {%r10, %r10}, " + list("%r11", 8) + ";"));
    }

    /** A of ones, or of all bits, times B of ones is k, and C is 7. */
    @ParameterizedTest
    @CsvSource({
        "m8n8k32, s32.s4.s4.s32, 1, 1, 2, 0x11111111, 39",
        "m8n8k32, s32.u4.u4.s32, 1, 1, 2, 0x11111111, 39",
        "m16n8k32, s32.u4.s4.s32, 2, 1, 4, 0x11111111, 39",
        "m16n8k64, s32.u4.u4.s32, 4, 2, 4, 0x11111111, 71",
        "m8n8k128, s32.b1.b1.s32, 1, 1, 2, 0xffffffff, 135",
        "m16n8k128, s32.b1.b1.s32, 2, 1, 4, 0xffffffff, 135",
        "m16n8k256, s32.b1.b1.s32, 4, 2, 4, 0xffffffff, 263",
    })
    void productsOfSmallNumbers(String shape, String types, int a, int b, int c, String ones, int expected)
            throws DeviceException {
        String bits = types.contains("b1") ? ".and.popc" : "";
        assertAll(
                expected,
                run(
                        "",
                        "mov.b32 %r10, " + ones + "; mov.b32 %r11, 7;\nmma.sync.aligned." + shape + ".row.col." + types
                                + bits
                                + " " + list("%r3", c) + ", " + list("%r10", a) + ", " + list("%r10", b) + ", "
                                + list("%r11", c) + ";"));
    }

    private static String list(String register, int count) {
        StringBuilder text = new StringBuilder("{").append(register);
        for (int i = 1; i < count; i++) {
            text.append(", ").append(register.equals("%r3") ? "%r" + (20 + i) : register);
        }
        return text.append('}').toString();
    }
}
