package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.runtime.Checks;

/** Kernels of thousands of instructions in a row, with no branch at which they could be cut into methods that the JVM takes. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LongKernelTest {
    private static final int REGISTERS = 40;
    private static final int THREADS = 5;

    /** A kernel that mixes what it has in its registers, and what a thread gets from it. */
    @SuppressWarnings("ArrayRecordComponent") // A carrier, never compared.
    private record Mixture(String ptx, int[] expected) {
        static Mixture of(int instructions) {
            StringBuilder text = new StringBuilder(
                    ".version 7.0\n.target sm_75\n.address_size 64\n"
                            + ".visible .entry k(.param .u64 p) {\n.reg .u64 %rd<3>; .reg .b32 %r<" + (REGISTERS + 1)
                            + ">;\n"
                            + "ld.param.u64 %rd1, [p]; mov.u32 %r0, %tid.x; mul.wide.u32 %rd2, %r0, 4; add.u64 %rd1, %rd1, %rd2;\n");
            int[][] values = new int[THREADS][REGISTERS];
            for (int i = 0; i < REGISTERS; i++) {
                text.append("add.u32 %r" + i + ", %r0, " + i + ";\n");
                for (int t = 0; t < THREADS; t++) {
                    values[t][i] = (i == 0 ? t : values[t][0]) + i;
                }
            }
            Random random = new Random(7);
            for (int n = 0; n < instructions; n++) {
                int to = random.nextInt(REGISTERS);
                int a = random.nextInt(REGISTERS);
                int b = random.nextInt(REGISTERS);
                boolean product = random.nextInt(4) == 0;
                text.append(product ? "mul.lo.u32 %r" : "sub.u32 %r").append(to + ", %r" + a + ", %r" + b + ";\n");
                for (int[] each : values) {
                    each[to] = product ? each[a] * each[b] : each[a] - each[b];
                }
            }
            int[] expected = new int[THREADS];
            for (int i = 0; i < REGISTERS; i++) {
                text.append(i == 0 ? "" : "xor.b32 %r0, %r0, %r" + i + ";\n");
                for (int t = 0; t < THREADS; t++) {
                    expected[t] ^= values[t][i];
                }
            }
            return new Mixture(text + "st.global.u32 [%rd1], %r0;\nret;\n}\n", expected);
        }
    }

    @Test
    void straightLinesOfAnyLengthRun() throws DeviceException {
        Mixture mixture = Mixture.of(20_000);
        try (KernelBench bench = new KernelBench(mixture.ptx)) {
            long out = bench.upload(new int[THREADS]);
            bench.launch("k", KernelBench.line(2, THREADS), out);
            assertArrayEquals(mixture.expected, bench.ints(out, THREADS));
        }
    }

    /** An instruction that becomes much code: methods are cut shorter until the JVM takes them. */
    @Test
    void longKernelsOfManyAccessesRunWithChecks() throws DeviceException {
        int accesses = 4000;
        String ptx = ".version 7.0\n.target sm_75\n.address_size 64\n"
                + ".visible .entry k(.param .u64 p) {\n.reg .u64 %rd<2>; .reg .b32 %r<5>; .shared .align 16 .b8 s[64];\n"
                + "ld.param.u64 %rd1, [p]; mov.u32 %r1, 1; mov.u32 %r2, 2; mov.u32 %r3, 3; mov.u32 %r4, 4;\n"
                + "st.shared.v4.u32 [s], {%r1, %r2, %r3, %r4};\nld.shared.v4.u32 {%r2, %r3, %r4, %r1}, [s];\n"
                        .repeat(accesses / 2)
                + "st.global.v4.u32 [%rd1], {%r1, %r2, %r3, %r4};\nret;\n}\n";
        for (Checks checks : new Checks[] {Checks.NONE, new Checks(true, true)}) {
            try (KernelBench bench = new KernelBench(ptx, checks)) {
                long out = bench.upload(new int[4]);
                bench.launch("k", KernelBench.line(1, 1), out);
                // 2000 turns by one of four leave everything where it was.
                assertArrayEquals(new int[] {1, 2, 3, 4}, bench.ints(out, 4));
                assertEquals(0, accesses / 2 % 4);
            }
        }
    }
}
