package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** atom and red: every operation of every type, in every space. Source: PTX ISA 9.7.13.4. */
class AtomicTest {
    /** Operation and type, what memory holds before, operands, what it holds after. */
    private static final String TABLE = """
            add.u32 0xfffffff0 0x20 0x10
            add.s32 5 -7 -2
            add.u64 0xffffffff 1 0x100000000
            add.f32 0x3f800000 0x40000000 0x40400000
            add.f64 0x3ff0000000000000 0x4000000000000000 0x4008000000000000
            add.noftz.f16 0x3c00 0x4000 0x4200
            add.noftz.f16x2 0x3c003c00 0x4000c000 0x4200bc00
            add.noftz.bf16 0x3f80 0x4000 0x4040
            add.noftz.bf16x2 0x3f803f80 0x4000c000 0x4040bf80
            and.b32 0xff00ff00 0x0ff00ff0 0x0f000f00
            and.b64 0xff00ff00ff00ff00 0x0ff00ff00ff00ff0 0x0f000f000f000f00
            or.b32 0xf0 0x0f 0xff
            or.b64 0xf000000000 0x0f 0xf00000000f
            xor.b32 0xff 0x0f 0xf0
            xor.b64 0xff 0xf00000000f 0xf0000000f0
            exch.b32 1 2 2
            exch.b64 1 0x200000002 0x200000002
            add.s64 -5 3 -2
            min.u32 0xffffffff 3 3
            min.s32 0xffffffff 3 0xffffffff
            min.u64 -1 3 3
            min.s64 -1 3 -1
            max.u32 0xffffffff 3 0xffffffff
            max.s32 0xffffffff 3 3
            max.u64 -1 3 -1
            max.s64 -1 3 3
            inc.u32 4 5 5
            inc.u32 5 5 0
            dec.u32 4 5 3
            dec.u32 0 5 5
            dec.u32 6 5 5
            cas.b32 7 7,9 9
            cas.b32 7 8,9 7
            cas.b64 0x700000007 0x700000007,9 9
            cas.b64 0x700000007 7,9 0x700000007
            cas.b16 0x1234 0x1234,0x5678 0x5678
            cas.b16 0x1234 0x1235,0x5678 0x1234
            """;

    record Case(String operation, long before, List<String> operands, long after, String space) {
        @Override
        public String toString() {
            return operation + " " + Long.toHexString(before) + " " + operands + " in " + space;
        }
    }

    static Stream<Case> cases() {
        List<Case> found = new ArrayList<>();
        for (String line : TABLE.lines().toList()) {
            String[] words = line.strip().split("\\s+", -1);
            for (String space :
                    List.of("global", "shared", "shared::cta", "generic global", "generic shared", "generic local")) {
                found.add(new Case(
                        words[0], number(words[1]), List.of(words[2].split(",", -1)), number(words[3]), space));
            }
        }
        return found.stream();
    }

    private static long number(String text) {
        return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void answersTheOldAndLeavesTheNew(Case each) throws DeviceException {
        String type = each.operation.substring(each.operation.lastIndexOf('.') + 1);
        int bits = type.endsWith("64") ? 64 : type.endsWith("f16") || type.equals("b16") ? 16 : 32;
        long mask = bits == 64 ? -1 : (1L << bits) - 1;
        String at = each.space.endsWith("global") ? "%p" : "%s";
        String prefix = each.space.startsWith("generic") ? "" : "." + each.space;
        String operands = String.join(", ", each.operands);
        StringBuilder constants = new StringBuilder();
        if (bits != 64) {
            operands = "";
            for (int i = 0; i < each.operands.size(); i++) {
                constants
                        .append("mov.b")
                        .append(bits)
                        .append(" %c")
                        .append(i)
                        .append(", ")
                        .append(number(each.operands.get(i)) & mask)
                        .append(";\n");
                operands += (i == 0 ? "%c" : ", %c") + i;
            }
        }
        // Once at the start of the cell and once behind it, where 16 bits are the upper half of a word.
        String b = ".b" + bits + " ";
        String text = ".version 8.6\n.target sm_100\n.address_size 64\n.visible .entry k(.param .u64 p) {\n"
                + ".reg" + b
                + "%v, %d, %e, %c<2>; .reg .u64 %p, %s; .shared .align 8 .b8 s[16]; .local .align 8 .b8 l[16];\n"
                + "ld.param.u64 %p, [p];\n"
                + (each.space.contains("shared")
                        ? "mov.u64 %s, s;" + (prefix.isEmpty() ? " cvta.shared.u64 %s, %s;" : "")
                        : "mov.u64 %s, l; cvta.local.u64 %s, %s;")
                + "\n" + constants
                + "ld.global" + b + "%v, [%p]; st" + prefix + b + "[" + at + "], %v; st" + prefix + b + "[" + at + "+"
                + bits / 8 + "], %v;\n"
                + "atom" + prefix + "." + each.operation + " %d, [" + at + "], " + operands + ";\n"
                + (each.operation.startsWith("cas") || each.operation.startsWith("exch")
                        ? "atom" + prefix + "." + each.operation + " %e, [" + at + "+" + bits / 8 + "], " + operands
                        : "red" + prefix + "." + each.operation + " [" + at + "+" + bits / 8 + "], " + operands)
                + ";\n"
                + "st.global" + b + "[%p+16], %d; ld" + prefix + b + "%d, [" + at + "]; st.global" + b
                + "[%p+24], %d;\n"
                + "ld" + prefix + b + "%d, [" + at + "+" + bits / 8 + "]; st.global" + b + "[%p+32], %d; ret;\n}\n";
        try (KernelBench bench = new KernelBench(text)) {
            long p = bench.upload((int) each.before, (int) (each.before >>> 32), 0, 0, 0, 0, 0, 0, 0, 0);
            bench.launch("k", KernelBench.line(1, 1), p);
            int[] words = bench.ints(p, 10);
            assertEquals(Long.toHexString(each.before & mask), Long.toHexString(wide(words, 4) & mask), "old");
            assertEquals(Long.toHexString(each.after & mask), Long.toHexString(wide(words, 6) & mask), "new");
            assertEquals(Long.toHexString(each.after & mask), Long.toHexString(wide(words, 8) & mask), "behind");
        }
    }

    private static long wide(int[] words, int at) {
        return (words[at] & 0xFFFF_FFFFL) | (long) words[at + 1] << 32;
    }

    /** Each element for itself: what was there, and what is there after atom and after red. */
    @ParameterizedTest
    @CsvSource({
        "add, f32, 2, global",
        "add, f32, 4, ''",
        "add.noftz, f16, 2, global",
        "add.noftz, f16, 4, global",
        "add.noftz, f16, 8, ''",
        "min.noftz, f16, 4, global",
        "max.noftz, f16, 2, global",
        "min.noftz, f16, 8, ''",
        "add.noftz, bf16, 2, global",
        "add.noftz, bf16, 4, global",
        "add.noftz, bf16, 8, ''",
        "min.noftz, bf16, 4, global",
        "max.noftz, bf16, 2, global",
        "max.noftz, bf16, 8, ''",
        "add.noftz, f16x2, 2, global",
        "min.noftz, f16x2, 4, global",
        "max.noftz, f16x2, 2, ''",
        "add.noftz, bf16x2, 2, global",
        "min.noftz, bf16x2, 4, global",
        "max.noftz, bf16x2, 2, ''"
    })
    void vectorsAreElements(String operation, String type, int length, String space) throws DeviceException {
        int bits = type.equals("f32") || type.endsWith("x2") ? 32 : 16;
        int bytes = length * bits / 8;
        String vector = "." + operation + ".v" + length + "." + type;
        String prefix = space.isEmpty() ? "" : "." + space;
        StringBuilder text = new StringBuilder(
                ".version 8.6\n.target sm_100\n.address_size 64\n" + ".visible .entry k(.param .u64 p) {\n.reg .b"
                        + bits + " %a<8>; .reg .u64 %p;\nld.param.u64 %p, [p];\n");
        for (int n = 0; n < length; n++) {
            text.append("ld.global.b" + bits + " %a" + n + ", [%p+" + (16 + n * bits / 8) + "];\n");
        }
        StringBuilder list = new StringBuilder("{").append('%').append("a0");
        for (int n = 1; n < length; n++) {
            list.append(", %a").append(n);
        }
        list.append('}');
        text.append("red" + prefix + vector + " [%p], " + list + ";\n");
        // The results replace the sources.
        text.append("atom" + prefix + vector + " " + list + ", [%p], " + list + ";\n");
        for (int n = 0; n < length; n++) {
            text.append("st.global.b" + bits + " [%p+" + (32 + n * bits / 8) + "], %a" + n + ";\n");
        }
        text.append("ret;\n}\n");
        float[] before = {1.5f, -2, 0.25f, 8, -3, 100, 0, -0.5f};
        float[] with = {2, 3, -4, 0.5f, 1, -7, 5, 16};
        int halves = bits == 32 && !type.equals("f32") ? 2 * length : length;
        int[] words = new int[12];
        put(words, 0, before, halves, type);
        put(words, 4, with, halves, type);
        float[] once = new float[8];
        float[] twice = new float[8];
        for (int n = 0; n < halves; n++) {
            once[n] = applied(operation, before[n], with[n]);
            twice[n] = applied(operation, once[n], with[n]);
        }
        int[] expected = words.clone();
        put(expected, 0, twice, halves, type);
        put(expected, 8, once, halves, type);
        try (KernelBench bench = new KernelBench(text.toString())) {
            long p = bench.upload(words);
            bench.launch("k", KernelBench.line(1, 1), p);
            assertArrayEquals(expected, bench.ints(p, 12), text + " of " + bytes + " bytes");
        }
    }

    private static float applied(String operation, float a, float b) {
        return operation.startsWith("add") ? a + b : operation.startsWith("min") ? Math.min(a, b) : Math.max(a, b);
    }

    /** Small numbers, which all formats hold. */
    private static void put(int[] words, int from, float[] values, int count, String type) {
        for (int n = 0; n < count; n++) {
            int bits = Float.floatToRawIntBits(values[n]);
            if (type.equals("f32")) {
                words[from + n] = bits;
            } else {
                int half = type.startsWith("bf16") ? bits >>> 16 : Float.floatToFloat16(values[n]) & 0xFFFF;
                int shift = 16 * (n % 2);
                words[from + n / 2] = (words[from + n / 2] & ~(0xFFFF << shift)) | half << shift;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'atom.global.add.v2.f32 {%f1, %f2}, [%p+4], {%f1, %f2};', false",
        "'red.add.v4.f32 [%s], {%f1, %f2, %f1, %f2};', false",
        "'atom.global.min.noftz.f16 %h, [%p], %h;', true",
        "'atom.global.add.v4.f32 {%f1, %f2}, [%p], {%f1, %f2};', true",
        "'red.global.add.noftz.v8.f16 [%p], {%h, %h};', true",
    })
    void wrongVectorsAreRefusedOrFaults(String ptx, boolean refused) throws DeviceException {
        String text = ".version 8.6\n.target sm_100\n.address_size 64\n.visible .entry k(.param .u64 p) {\n"
                + ".reg .f32 %f<3>; .reg .b16 %h; .reg .u64 %p, %s; .shared .align 16 .b8 s[16];\n"
                + "ld.param.u64 %p, [p]; mov.u64 %s, s; cvta.shared.u64 %s, %s;\n" + ptx + "\nret;\n}\n";
        if (refused) {
            DeviceException thrown = assertThrows(DeviceException.class, () -> new KernelBench(text).close());
            assertTrue(String.valueOf(thrown.getMessage()).startsWith("line 7: "), thrown.getMessage());
            return;
        }
        try (KernelBench bench = new KernelBench(text)) {
            long p = bench.upload(new int[8]);
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 1), p));
            CudaStatus expected = ptx.startsWith("atom") ? CudaStatus.MISALIGNED_ADDRESS : CudaStatus.ILLEGAL_ADDRESS;
            assertEquals(expected, thrown.status());
        }
    }

    /** Halves of one word from all blocks at once. */
    @Test
    void halvesOfAWordDoNotDisturbEachOther() throws DeviceException {
        String text = """
                .version 8.6
                .target sm_90
                .address_size 64
                .visible .entry k(.param .u64 p) {
                .reg .b16 %h, %o; .reg .u64 %p; .reg .b32 %t, %x;
                ld.param.u64 %p, [p]; mov.u32 %t, %tid.x; and.b32 %t, %t, 1; mul.wide.u32 %p, %t, 2;
                .reg .u64 %q; ld.param.u64 %q, [p]; add.u64 %p, %p, %q;
                mov.b16 %o, 0x3c00;
                atom.global.add.noftz.f16 %h, [%p], %o;
                ret;
                }
                """;
        try (KernelBench bench = new KernelBench(text)) {
            long p = bench.upload(0);
            bench.launch("k", KernelBench.line(30, 64), p);
            int expected = Float.floatToFloat16(960) & 0xFFFF;
            assertEquals(expected | expected << 16, bench.ints(p, 1)[0]);
        }
    }
}
