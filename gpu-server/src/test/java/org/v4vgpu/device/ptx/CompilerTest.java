package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.proto.CudaStatus;

/** What the compiler must get right besides single instructions, and what it refuses. */
class CompilerTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    /** A reduction as written before barriers were needed within a warp: the last 64 values without any. */
    @Test
    void volatileSharedMemoryKeepsWarpsInStep() throws DeviceException {
        StringBuilder body = new StringBuilder();
        for (int distance = 32; distance > 0; distance /= 2) {
            body.append("ld.volatile.shared.u32 %r4, [%r2+")
                    .append(4 * distance)
                    .append("];\n");
            body.append(
                    "ld.volatile.shared.u32 %r5, [%r2];\nadd.u32 %r5, %r5, %r4;\nst.volatile.shared.u32 [%r2], %r5;\n");
        }
        String ptx = HEAD + ".visible .entry k(.param .u64 p) {\n"
                + ".reg .b32 %r<6>; .reg .u64 %rd<2>; .reg .pred %q; .shared .align 4 .b8 s[512];\n"
                + "ld.param.u64 %rd1, [p]; mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 2; mov.u32 %r3, s;\n"
                + "add.u32 %r2, %r2, %r3; add.u32 %r4, %r1, 1; st.shared.u32 [%r2], %r4; bar.sync 0;\n"
                + "setp.gt.u32 %q, %r1, 31; @%q bra END;\n" + body
                + "setp.ne.u32 %q, %r1, 0; @%q bra END;\nst.global.u32 [%rd1], %r5;\nEND: ret;\n}\n";
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(0);
            bench.launch("k", KernelBench.line(1, 64), out);
            assertEquals(64 * 65 / 2, bench.ints(out, 1)[0]);
        }
    }

    /** Beyond one method: the kernel is cut into chunks, between which loops go back and forth. */
    @ParameterizedTest
    @ValueSource(ints = {400, 2000, 12_000})
    void longKernelsRunInSeveralMethods(int length) throws DeviceException {
        StringBuilder ptx = new StringBuilder(HEAD + """
                .visible .entry k(.param .u64 p, .param .u32 n) {
                .reg .b32 %r<9>; .reg .u64 %rd<3>; .reg .pred %q;
                ld.param.u64 %rd1, [p]; ld.param.u32 %r1, [n]; mov.u32 %r2, %tid.x; mov.u32 %r3, %r2; mov.u32 %r4, 0;
                TOP:
                """);
        for (int i = 0; i < length; i++) {
            ptx.append(i % 2 == 0 ? "mad.lo.u32 %r3, %r3, 3, " : "xor.b32 %r3, %r3, ")
                    .append(i)
                    .append(";\n");
            if (i % 100 == 50) {
                ptx.append("and.b32 %r5, %r3, 1; setp.eq.u32 %q, %r5, 0; @%q bra L")
                        .append(i)
                        .append(";\n");
                ptx.append("add.u32 %r3, %r3, 7;\nL").append(i).append(":\n");
            }
            if (i == length / 2) {
                ptx.append("bar.sync 0;\n");
            }
        }
        ptx.append("""
                add.u32 %r4, %r4, 1; setp.lt.u32 %q, %r4, %r1; @%q bra TOP;
                mul.wide.u32 %rd2, %r2, 4; add.u64 %rd2, %rd1, %rd2; st.global.u32 [%rd2], %r3; ret;
                }
                """);
        try (KernelBench bench = new KernelBench(ptx.toString())) {
            long out = bench.upload(new int[40]);
            bench.launch("k", KernelBench.line(1, 40), out, 3);
            int[] expected = new int[40];
            for (int t = 0; t < 40; t++) {
                int value = t;
                for (int round = 0; round < 3; round++) {
                    for (int i = 0; i < length; i++) {
                        value = i % 2 == 0 ? value * 3 + i : value ^ i;
                        value += i % 100 == 50 && (value & 1) != 0 ? 7 : 0;
                    }
                }
                expected[t] = value;
            }
            assertArrayEquals(expected, bench.ints(out, 40));
        }
    }

    /** A counter that all threads share must not be counted once per thread, nor by threads that run ahead. */
    @Test
    void valuesOfTheBlockSurviveBarriersInLoops() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 p, .param .u32 n) {
                    .reg .b32 %r<9>; .reg .f32 %f<3>; .reg .f64 %fd<3>; .reg .u64 %rd<5>; .reg .pred %q, %s;
                    ld.param.u64 %rd1, [p];
                    ld.param.u32 %r1, [n];
                    mov.u32 %r2, %tid.x;
                    mov.u32 %r3, 0;
                    mov.u32 %r4, 0;
                    mov.f32 %f1, 0f00000000;
                    mov.f64 %fd1, 0d0000000000000000;
                    mov.u64 %rd3, 0;
                    setp.lt.u32 %s, %r2, 5;
                TOP:
                    bar.sync 0;
                    add.f32 %f1, %f1, 0f3F800000;
                    add.f64 %fd1, %fd1, 0d3FF0000000000000;
                    add.u64 %rd3, %rd3, 4294967296;
                    @!%s bra SKIP;
                    add.u32 %r4, %r4, 1;
                SKIP:
                    bar.sync 0;
                    add.u32 %r3, %r3, 1;
                    setp.lt.u32 %q, %r3, %r1;
                    @%q bra TOP;
                    cvt.rzi.u32.f32 %r5, %f1;
                    cvt.rzi.u32.f64 %r6, %fd1;
                    shr.u64 %rd3, %rd3, 32;
                    cvt.u32.u64 %r7, %rd3;
                    add.u32 %r5, %r5, %r6;
                    add.u32 %r5, %r5, %r7;
                    mad.lo.u32 %r5, %r4, 1000, %r5;
                    mul.wide.u32 %rd2, %r2, 4;
                    add.u64 %rd2, %rd1, %rd2;
                    st.global.u32 [%rd2], %r5;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(new int[33]);
            bench.launch("k", KernelBench.line(1, 33), out, 4);
            int[] expected = new int[33];
            for (int t = 0; t < 33; t++) {
                expected[t] = 3 * 4 + (t < 5 ? 4000 : 0);
            }
            assertArrayEquals(expected, bench.ints(out, 33));
        }
    }

    /** Half of the threads pass one barrier more per round than the others: no value is common then. */
    @Test
    void barriersInDivergentBranchesCountPerThread() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<9>; .reg .u64 %rd<5>; .reg .pred %s;
                    ld.param.u64 %rd1, [p];
                    mov.u32 %r2, %tid.x;
                    mov.u32 %r3, 1;
                    setp.lt.u32 %s, %r2, 16;
                    @%s bar.sync 0;
                    add.u32 %r3, %r3, 1;
                    bar.sync 0;
                    add.u32 %r3, %r3, 1;
                    @!%s bar.sync 0;
                    add.u32 %r3, %r3, 1;
                    mul.wide.u32 %rd2, %r2, 4;
                    add.u64 %rd2, %rd1, %rd2;
                    st.global.u32 [%rd2], %r3;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(new int[32]);
            bench.launch("k", KernelBench.line(1, 32), out);
            for (int value : bench.ints(out, 32)) {
                assertEquals(4, value);
            }
        }
    }

    @Test
    void genericAddressesReachEverySpace() throws DeviceException {
        String ptx = HEAD + """
                .global .align 8 .u64 pointer = generic(table)+8;
                .global .align 4 .u32 table[4] = {10, 20, 0x1e, 40};
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<9>; .reg .b16 %h<3>; .reg .u64 %rd<9>; .reg .pred %q; .reg .f64 %fd<2>;
                    .shared .align 16 .b8 s[16]; .local .align 16 .b8 l[32];
                    mov.u64 %rd1, s;
                    cvta.shared.u64 %rd1, %rd1;
                    mov.u64 %rd2, l;
                    cvta.local.u64 %rd2, %rd2;
                    st.u32 [%rd1+4], 7;
                    atom.add.u32 %r1, [%rd1+4], 5;
                    ld.shared.u32 %r2, [s+4];
                    st.u16 [%rd2+6], 0x1234;
                    ld.local.u8 %h1, [l+7];
                    cvt.u32.u16 %r3, %h1;
                    st.f64 [%rd2+8], 0d4000000000000000;
                    ld.local.f64 %fd1, [l+8];
                    cvt.rzi.u32.f64 %r4, %fd1;
                    ld.global.u64 %rd3, [pointer];
                    ld.v2.u32 {%r5, %r6}, [%rd3];
                    isspacep.shared %q, %rd1;
                    selp.u32 %r7, 1, 0, %q;
                    ld.param.u64 %rd4, [p];
                    st.global.v4.u32 [%rd4], {%r1, %r2, %r3, %r4};
                    st.v4.u32 [%rd4+16], {%r5, %r6, %r7, 9};
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(new int[8]);
            bench.launch("k", KernelBench.line(2, 3), out);
            assertArrayEquals(new int[] {7, 12, 0x12, 2, 30, 40, 1, 9}, bench.ints(out, 8));
            DeviceGlobal table = bench.module().global("table");
            assertEquals(
                    30, bench.memory().segment(table.address(), table.bytes()).get(ValueLayout.JAVA_INT, 8));
        }
    }

    @Test
    void functionsTakeAndReturnStructs() throws DeviceException {
        String ptx = HEAD + """
                .func (.param .align 8 .b8 r[16]) twice(.param .align 8 .b8 a[16], .param .b32 f) {
                    .reg .b64 %rd<4>; .reg .f32 %f<3>; .reg .b32 %r<3>;
                    ld.param.u64 %rd1, [a];
                    ld.param.u32 %r1, [a+8];
                    ld.param.f32 %f1, [f];
                    add.u64 %rd1, %rd1, %rd1;
                    cvt.rzi.u32.f32 %r2, %f1;
                    mul.lo.u32 %r1, %r1, %r2;
                    st.param.b64 [r+0], %rd1;
                    st.param.b32 [r+8], %r1;
                    ret;
                }
                .visible .entry k(.param .u64 p) {
                    .reg .b64 %rd<4>; .reg .b32 %r<3>;
                    {
                    .param .align 8 .b8 param0[16];
                    st.param.b64 [param0+0], 21;
                    st.param.b32 [param0+8], 5;
                    .param .b32 param1;
                    st.param.f32 [param1+0], 0f40400000;
                    .param .align 8 .b8 retval0[16];
                    call.uni (retval0), twice, (param0, param1);
                    ld.param.b64 %rd1, [retval0+0];
                    ld.param.b32 %r1, [retval0+8];
                    }
                    ld.param.u64 %rd2, [p];
                    st.global.u64 [%rd2], %rd1;
                    st.global.u32 [%rd2+8], %r1;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(new int[4]);
            bench.launch("k", KernelBench.line(1, 1), out);
            assertArrayEquals(new int[] {42, 0, 15, 0}, bench.ints(out, 4));
        }
    }

    @Test
    void namedBarriersJoinPartsOfABlock() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<9>; .reg .u64 %rd<4>; .reg .pred %q; .shared .align 4 .b8 s[4];
                    ld.param.u64 %rd1, [p];
                    mov.u32 %r1, %tid.x;
                    setp.ge.u32 %q, %r1, 32;
                    @%q bra CONSUMER;
                    st.shared.u32 [s], 99;
                    bar.arrive 3, 64;
                    ret;
                CONSUMER:
                    bar.sync 3, 64;
                    ld.shared.u32 %r2, [s];
                    red.global.add.u32 [%rd1], %r2;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(0);
            bench.launch("k", KernelBench.line(1, 64), out);
            assertEquals(32 * 99, bench.ints(out, 1)[0]);
        }
    }

    /** Hostile text is refused or compiled; nothing else happens. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void mutilatedKernelsAreRefusedOrCompiled(long seed) {
        Random random = new Random(seed);
        for (String name : KernelFiles.NAMES) {
            List<String> words = new ArrayList<>(List.of(KernelFiles.text(name).split("(?<=\\W)|(?=\\W)")));
            for (int round = 0; round < 40; round++) {
                List<String> mutant = new ArrayList<>(words);
                for (int change = random.nextInt(3); change >= 0; change--) {
                    int at = random.nextInt(200, mutant.size());
                    switch (random.nextInt(3)) {
                        case 0 -> mutant.set(at, mutant.get(random.nextInt(mutant.size())));
                        case 1 -> mutant.remove(at);
                        default -> mutant.add(at, mutant.get(random.nextInt(mutant.size())));
                    }
                }
                String text = String.join("", mutant);
                try {
                    CompiledModule.compile(text);
                } catch (DeviceException refused) {
                    assertTrue(String.valueOf(refused.getMessage()).startsWith("line "), refused.getMessage());
                } catch (RuntimeException | Error bug) {
                    throw new AssertionError(name + ", seed " + seed + ", round " + round + ":\n" + text, bug);
                }
            }
        }
    }

    @Test
    void sameTextIsCompiledOnce() throws DeviceException {
        assertSame(
                CompiledModule.compile(KernelFiles.text("vecadd")), CompiledModule.compile(KernelFiles.text("vecadd")));
    }

    @Test
    void refusesWhatItCannotRun() {
        assertRefused(
                "line 5: call: unsupported: f is recursive, and threads wait for each other or exit in it",
                HEAD
                        + ".func f() { .reg .b32 %r<3>;\ncall f; shfl.sync.idx.b32 %r1, %r2, 0, 31, -1; ret; }\n"
                        + ".entry k() { call f; ret; }");
        assertRefused(
                "line 5: call: g: unresolved extern function",
                HEAD + ".extern .func g();\n.entry k() { call g; ret; }");
        assertRefused("line 4: bra: NOWHERE: no such label", HEAD + ".entry k() { bra NOWHERE; }");
        assertRefused(
                "line 5: add.u32: register of type .b64 where 32 bits are expected",
                HEAD + ".entry k() { .reg .b64 %rd<3>; .reg .b32 %r<3>;\nadd.u32 %r1, %rd1, 1; }");
        assertRefused(
                "line 4: ld.global.u32: nothing: no such variable",
                HEAD + ".entry k() { .reg .b32 %r<3>; ld.global.u32 %r1, [nothing]; }");
        assertRefused(
                "line 4: mov.u32: %envreg40 is neither declared nor a special register that is supported",
                HEAD + ".entry k() { .reg .b32 %r<3>; mov.u32 %r1, %envreg40; }");
        assertRefused(
                "line 4: s: more than 48 KiB of static shared memory",
                HEAD + ".shared .b8 s[50000];\n" + ".entry k() { .reg .b32 %r<3>; mov.u32 %r1, s; }");
    }

    private static void assertRefused(String log, String ptx) {
        DeviceException thrown = assertThrows(DeviceException.class, () -> CompiledModule.compile(ptx));
        assertEquals(log, thrown.getMessage());
        assertEquals(CudaStatus.INVALID_PTX, thrown.status());
    }
}
