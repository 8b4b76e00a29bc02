package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.runtime.VectorUnit;

/** Arithmetic on vectors gives the bits that a thread alone gives, whatever the operands; of a NaN of double precision any bits. */
class StripNumericsTest {
    private static final int THREADS = 1024;

    /** The registers: words %a, %b, %c, floats %f, %g, %h and a moderate one %v, long ones %x, %y, doubles %d, %e; u is one that all share. */
    private static final List<String> INSTRUCTIONS = List.of(
            "f min.f32 %f, %g",
            "f max.f32 %f, %g",
            "f min.ftz.f32 %f, %g",
            "f max.f32 %f, 0f3F800000",
            "d min.f64 %d, %e",
            "d max.f64 %d, %e",
            "r min.s32 %a, %b",
            "r max.u32 %a, %b",
            "r min.u32 %a, %u",
            "f rcp.rn.f32 %f",
            "f rcp.approx.ftz.f32 %f",
            "f rsqrt.approx.f32 %f",
            "f rsqrt.approx.ftz.f32 %f",
            "f sqrt.approx.ftz.f32 %f",
            "f ex2.approx.f32 %f",
            "f ex2.approx.ftz.f32 %f",
            "f ex2.approx.f32 %v",
            "f lg2.approx.f32 %f",
            "f lg2.approx.ftz.f32 %f",
            "f sin.approx.f32 %f",
            "f cos.approx.f32 %f",
            "f sin.approx.f32 %v",
            "f cos.approx.ftz.f32 %v",
            "f add.ftz.f32 %f, %g",
            "f sub.ftz.f32 %f, %g",
            "f mul.rn.ftz.f32 %f, %g",
            "f div.approx.ftz.f32 %f, %g",
            "f fma.rn.ftz.f32 %f, %g, %h",
            "f neg.ftz.f32 %f",
            "f abs.ftz.f32 %f",
            "f add.f32 %f, %g",
            "f div.rn.f32 %f, %g",
            "f fma.rn.f32 %f, %g, %h",
            "f neg.f32 %f",
            "f abs.f32 %f",
            "f sqrt.rn.f32 %f",
            "r not.b32 %a",
            "r popc.b32 %a",
            "r shl.b32 %a, %b",
            "r shl.b32 %a, %c",
            "r shr.u32 %a, %c",
            "r shr.s32 %a, %c",
            "r shr.s32 %a, %b",
            "r shr.u32 %u, %c",
            "r shl.b32 %a, 32",
            "r shr.s32 %a, 40",
            "r shr.u32 %a, %u",
            "r mul.hi.s32 %a, %b",
            "r mul.hi.u32 %a, %b",
            "x mul.wide.s32 %a, %b",
            "x mul.wide.u32 %a, %u",
            "x mad.wide.s32 %a, %b, %x",
            "x mad.wide.u32 %a, 77, %y",
            "x cvt.s64.s32 %a",
            "x cvt.u64.u32 %a",
            "x cvt.s64.u32 %a",
            "r cvt.u32.u64 %x",
            "d cvt.f64.f32 %f",
            "d cvt.rn.f64.s32 %a",
            "f cvt.rn.f32.f64 %d",
            "f cvt.rn.f32.s32 %a",
            "f cvt.rn.f32.u32 %a",
            "r cvt.rzi.s32.f32 %f",
            "r cvt.rzi.ftz.s32.f32 %f",
            "x mov.b64 {%a, %b}",
            "x mov.b64 {%u, %f}",
            "d mov.b64 {%f, 5}",
            "{r, s} mov.b64 %x",
            "{_, r} mov.b64 %d",
            "{f, _} mov.b64 %d",
            "r mov.b32 %f",
            "f mov.b32 %a");

    @BeforeAll
    static void assumeVectors() {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
    }

    @Test
    void vectorsGiveTheBitsOfThreads() throws DeviceException {
        long[] singly = run(false);
        long[] strips = run(true);
        for (int n = 0; n < INSTRUCTIONS.size(); n++) {
            boolean isDouble = INSTRUCTIONS.get(n).startsWith("d");
            for (int t = 0; t < THREADS; t++) {
                long a = singly[n * THREADS + t];
                long b = strips[n * THREADS + t];
                if (isDouble) {
                    a = Double.doubleToLongBits(Double.longBitsToDouble(a));
                    b = Double.doubleToLongBits(Double.longBitsToDouble(b));
                }
                assertEquals(Long.toHexString(a), Long.toHexString(b), INSTRUCTIONS.get(n) + ", thread " + t);
            }
        }
        assertTrue(Arrays.stream(strips).distinct().count() > 10_000);
    }

    private static long[] run(boolean strips) throws DeviceException {
        try (KernelBench bench = new KernelBench(text() + "// " + strips)) {
            assertTrue(bench.module().kernel("k").useStrips(strips));
            long words = bench.upload(words());
            long longs = bench.upload(longs());
            long out = bench.memory().allocate(8L * THREADS * INSTRUCTIONS.size());
            bench.launch("k", KernelBench.line(THREADS / 128, 128), words, longs, out, 0x8000_0003);
            assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
            double[] found = bench.doubles(out, THREADS * INSTRUCTIONS.size());
            return Arrays.stream(found).mapToLong(Double::doubleToRawLongBits).toArray();
        }
    }

    private static String text() {
        StringBuilder text = new StringBuilder("""
                .version 7.0
                .target sm_75
                .address_size 64
                .visible .entry k(.param .u64 words, .param .u64 longs, .param .u64 out, .param .u32 u) {
                .reg .b32 %a, %b, %c, %u, %i, %t, %r, %s; .reg .f32 %f, %g, %h, %v, %rf; .reg .b64 %x, %y, %p, %q, %o, %w, %z; .reg .f64 %d, %e, %rd;
                ld.param.u64 %p, [words]; ld.param.u64 %q, [longs]; ld.param.u64 %o, [out]; ld.param.u32 %u, [u];
                mov.u32 %i, %ctaid.x; mov.u32 %t, %tid.x; mad.lo.u32 %i, %i, 128, %t;
                mul.wide.u32 %w, %i, 4; add.u64 %p, %p, %w; mul.wide.u32 %w, %i, 8; add.u64 %q, %q, %w; add.u64 %o, %o, %w;
                """);
        text.append("ld.global.u32 %a, [%p]; ld.global.u32 %b, [%p+").append(4 * THREADS);
        text.append("]; and.b32 %c, %b, 63; ld.global.f32 %f, [%p]; ld.global.f32 %g, [%p+")
                .append(4 * THREADS);
        text.append("]; ld.global.f32 %h, [%p+").append(8 * THREADS).append("]; ld.global.u64 %x, [%q]; ");
        text.append("ld.global.u64 %y, [%q+").append(8 * THREADS);
        text.append("]; ld.global.f64 %d, [%q]; ld.global.f64 %e, [%q+")
                .append(8 * THREADS)
                .append("];\n");
        text.append("shr.s32 %t, %a, 22; cvt.rn.f32.s32 %v, %t; mul.f32 %v, %v, 0f3E2E147B;\n");
        for (int n = 0; n < INSTRUCTIONS.size(); n++) {
            String[] parts = INSTRUCTIONS.get(n).split("(?<=[a-z}]) (?=[a-z])", 2);
            String[] rest = parts[1].split(" ", 2);
            String target = parts[0].replace("f", "%rf")
                    .replace("d", "%rd")
                    .replace("x", "%z")
                    .replace("r,", "%r,")
                    .replace("s}", "%s}")
                    .replace(" r}", " %r}")
                    .replaceAll("^r$", "%r");
            text.append(rest[0] + " " + target + ", " + rest[1] + "; ");
            switch (parts[0]) {
                case "r", "{_, r}" -> text.append("cvt.u64.u32 %z, %r; ");
                case "f", "{f, _}" -> text.append("mov.b32 %r, %rf; cvt.u64.u32 %z, %r; ");
                case "d" -> text.append("mov.b64 %z, %rd; ");
                case "{r, s}" -> text.append("mov.b64 %z, {%s, %r}; ");
                default -> {}
            }
            text.append("st.global.u64 [%o+").append(8 * THREADS * n).append("], %z;\n");
        }
        return text.append("ret;\n}\n").toString();
    }

    /** Three times as many words as threads: all pairs of special ones come together, then anything. */
    private static int[] words() {
        int[] special = {
            0,
            0x8000_0000,
            1,
            0x8000_0001,
            0x007F_FFFF,
            0x0080_0000,
            0x3F80_0000,
            0xBF80_0000,
            0x7F7F_FFFF,
            0xFF7F_FFFF,
            0x7F80_0000,
            0xFF80_0000,
            0x7FC0_0000,
            0xFFC1_2345,
            0x7F81_0000,
            0x4F00_0000,
            0xCF00_0000,
            0x4EFF_FFFF,
            0x3EFF_FFFF,
            0x3F00_0000,
            0xFFFF_FFFF,
            0x7FFF_FFFF,
            31,
            32
        };
        Random random = new Random(1);
        int[] words = random.ints(3L * THREADS).toArray();
        for (int t = 0; t < special.length * special.length; t++) {
            words[t] = special[t % special.length];
            words[THREADS + t] = special[t / special.length];
            words[2 * THREADS + t] = special[(t + t / special.length) % special.length];
        }
        return words;
    }

    private static double[] longs() {
        long[] special = {
            0,
            1L << 63,
            1,
            0x3FF0_0000_0000_0000L,
            0x7FF0_0000_0000_0000L,
            0xFFF0_0000_0000_0000L,
            0x7FF8_0000_0000_0001L,
            0x000F_FFFF_FFFF_FFFFL,
            0x0010_0000_0000_0000L,
            0x47EF_FFFF_F000_0000L,
            0x36A0_0000_0000_0000L,
            0x380F_FFFF_E000_0000L,
            0x4000_0000_1000_0000L,
            0xC1E0_0000_0000_0000L,
            -1L,
            0x7FEF_FFFF_FFFF_FFFFL
        };
        Random random = new Random(2);
        double[] longs =
                random.longs(2L * THREADS).mapToDouble(Double::longBitsToDouble).toArray();
        for (int t = 0; t < special.length * special.length; t++) {
            longs[t] = Double.longBitsToDouble(special[t % special.length]);
            longs[THREADS + t] = Double.longBitsToDouble(special[t / special.length]);
        }
        return longs;
    }
}
