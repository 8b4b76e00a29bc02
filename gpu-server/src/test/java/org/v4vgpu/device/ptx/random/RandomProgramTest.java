package org.v4vgpu.device.ptx.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.device.ptx.KernelBench;
import org.v4vgpu.device.ptx.runtime.VectorUnit;

/** Compiled and interpreted, a program computes the same. A seed that fails is named, and its program shown. */
class RandomProgramTest {
    private static final int PROGRAMS = 60;
    private static final int THREADS = 96;

    @Test
    void compilerAndInterpreterAgree() throws DeviceException {
        for (long seed = 0; seed < PROGRAMS; seed++) {
            compare(seed, false);
        }
    }

    @Test
    void stripsAndInterpreterAgree() throws DeviceException {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
        int formed = 0;
        int whole = 0;
        for (long seed = 0; seed < PROGRAMS; seed++) {
            long left = compare(seed, true);
            formed += left >= 0 ? 1 : 0;
            whole += left == 0 ? 1 : 0;
        }
        assertTrue(whole > PROGRAMS / 4, formed + " programs run in strips, " + whole + " to their end");
    }

    /** Answers how many blocks have left strips, or -1 if the program has no such form. */
    private static long compare(long seed, boolean strips) throws DeviceException {
        List<Program> program = new Generator(seed).program();
        String text = text(program) + "// " + strips + "\n";
        try (KernelBench bench = new KernelBench(text)) {
            Kernel kernel = bench.module().kernel("k");
            boolean formed = kernel.useStrips(strips);
            long out = bench.memory().allocate(2L * 8 * THREADS);
            bench.launch("k", KernelBench.line(2, THREADS), out);
            long[] actual = bench.memory().segment(out, 2L * 8 * THREADS).toArray(ValueLayout.JAVA_LONG);
            for (int block = 0; block < 2; block++) {
                Machine machine = interpret(program, block);
                for (int t = 0; t < THREADS; t++) {
                    assertEquals(
                            machine.digest(t),
                            actual[block * THREADS + t],
                            "seed " + seed + ", block " + block + ", thread " + t + "\n" + text);
                }
            }
            return formed ? kernel.blocksThatLeftStrips() : -1;
        } catch (DeviceException failure) {
            throw new AssertionError("seed " + seed + "\n" + text, failure);
        }
    }

    private static Machine interpret(List<Program> program, int block) {
        Machine machine = new Machine(THREADS);
        for (int t = 0; t < THREADS; t++) {
            for (int i = 0; i < Machine.WORDS; i++) {
                machine.words[i][t] = (t + 1) * (0x1234567 * i + 3) + block;
            }
            for (int i = 0; i < Machine.LONGS; i++) {
                machine.longs[i][t] = (t + 7L) * (0x123456789ABCDEFL * i + 5);
            }
            for (int i = 0; i < Machine.FLOATS; i++) {
                machine.floats[i][t] = (t - 9) * (i + 1);
            }
        }
        BitSet all = new BitSet();
        all.set(0, THREADS);
        program.forEach(part -> part.run(machine, all));
        return machine;
    }

    private static String text(List<Program> program) {
        StringBuilder text = new StringBuilder("""
                .version 8.6
                .target sm_90
                .address_size 64
                .visible .entry k(.param .u64 out) {
                .reg .b32 %r<8>, %t, %b, %w, %own, %next, %n; .reg .b64 %d<4>, %x, %y, %o; .reg .f32 %f<4>; .reg .pred %p<4>, %q;
                .shared .align 4 .b8 s[384]; .local .align 4 .b8 l[4];
                mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %own, s; mov.u32 %w, 0; st.local.u32 [l], %w;
                add.u32 %n, %t, 5; setp.ge.u32 %q, %n, 96; @%q sub.u32 %n, %n, 96;
                shl.b32 %next, %n, 2; add.u32 %next, %next, %own; shl.b32 %n, %t, 2; add.u32 %own, %own, %n;
                """);
        for (int i = 0; i < Machine.WORDS; i++) {
            text.append("add.u32 %w, %t, 1; mul.lo.u32 %w, %w, ")
                    .append(0x1234567 * i + 3)
                    .append("; add.u32 %r")
                    .append(i)
                    .append(", %w, %b;\n");
        }
        for (int i = 0; i < Machine.LONGS; i++) {
            text.append("cvt.u64.u32 %x, %t; add.u64 %x, %x, 7; mul.lo.u64 %d")
                    .append(i)
                    .append(", %x, ")
                    .append(0x123456789ABCDEFL * i + 5)
                    .append(";\n");
        }
        for (int i = 0; i < Machine.FLOATS; i++) {
            text.append("sub.s32 %w, %t, 9; mul.lo.s32 %w, %w, ")
                    .append(i + 1)
                    .append("; cvt.rn.f32.s32 %f")
                    .append(i)
                    .append(", %w;\n");
        }
        for (int i = 0; i < Machine.PREDICATES; i++) {
            text.append("setp.ne.u32 %p").append(i).append(", 0, 0;\n");
        }
        program.forEach(part -> part.write(text));
        text.append("mov.u64 %x, 0;\n");
        for (int i = 0; i < Machine.WORDS; i++) {
            text.append("cvt.u64.u32 %y, %r").append(i).append("; mad.lo.u64 %x, %x, 31, %y;\n");
        }
        for (int i = 0; i < Machine.LONGS; i++) {
            text.append("mad.lo.u64 %x, %x, 31, %d").append(i).append(";\n");
        }
        for (int i = 0; i < Machine.FLOATS; i++) {
            // All NaNs alike.
            text.append("setp.nan.f32 %q, %f")
                    .append(i)
                    .append(", %f")
                    .append(i)
                    .append("; mov.b32 %w, %f")
                    .append(i)
                    .append("; selp.b32 %w, 0x7fc00000, %w, %q; cvt.u64.u32 %y, %w; mad.lo.u64 %x, %x, 31, %y;\n");
        }
        for (int i = 0; i < Machine.PREDICATES; i++) {
            text.append("selp.u64 %y, 1, 0, %p").append(i).append("; mad.lo.u64 %x, %x, 31, %y;\n");
        }
        return text.append("""
                ld.param.u64 %o, [out]; mad.lo.u32 %w, %b, 96, %t; mul.wide.u32 %y, %w, 8; add.u64 %o, %o, %y;
                st.global.u64 [%o], %x; ret;
                }
                """).toString();
    }
}
