package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;

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
