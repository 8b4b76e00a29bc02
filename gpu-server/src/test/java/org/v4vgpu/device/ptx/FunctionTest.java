package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Functions in which threads wait, pointers to functions, branches by index, and loops that spin. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FunctionTest {
    private static final String HEAD = ".version 8.6\n.target sm_90\n.address_size 64\n";
    private static final String ENTRY = """
            .visible .entry k(.param .u64 p) {
            .reg .b32 %r<20>; .reg .u64 %p, %rd<6>; .reg .pred %q, %s; .shared .align 4 .b8 s[1024];
            ld.param.u64 %p, [p]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd1, %r1, 4; add.u64 %rd1, %p, %rd1;
            """;
    private static final String STORE = "st.global.u32 [%rd1], %r2; ret;\n}\n";

    private static int[] run(String functions, String body, int blocks, int threads) throws DeviceException {
        try (KernelBench bench = new KernelBench(HEAD + functions + ENTRY + body + STORE)) {
            long out = bench.upload(new int[256]);
            bench.launch("k", KernelBench.line(blocks, threads), out);
            return bench.ints(out, 256);
        }
    }

    private static final String NEXT = """
            .func (.param .b32 r) shuffled(.param .b32 a, .param .b32 d) {
            .reg .b32 %a, %d, %x; .reg .pred %p;
            ld.param.u32 %a, [a]; ld.param.u32 %d, [d];
            setp.eq.u32 %p, %d, 0; @%p bra SAME;
            shfl.sync.idx.b32 %x, %a, %d, 31, -1; st.param.b32 [r], %x; ret;
            SAME: bar.warp.sync -1; st.param.b32 [r], %a; ret;
            }
            .func (.param .b32 r) twice(.param .b32 a) {
            .reg .b32 %a, %x, %y; .local .align 4 .b8 l[8];
            ld.param.u32 %a, [a];
            st.local.u32 [l+4], %a;
            { .param .b32 v; .param .b32 o; .param .b32 d; st.param.b32 [o], %a; st.param.b32 [d], 3;
              call (v), shuffled, (o, d); ld.param.b32 %x, [v]; }
            bar.sync 0;
            { .param .b32 v; .param .b32 o; .param .b32 d; st.param.b32 [o], %x; st.param.b32 [d], 0;
              call (v), shuffled, (o, d); ld.param.b32 %x, [v]; }
            ld.local.u32 %y, [l+4]; add.u32 %x, %x, %y;
            st.param.b32 [r], %x; ret;
            }
            """;

    /** The same function twice in another one, with labels, locals, and waits of warp and block. */
    @Test
    void threadsWaitInFunctionsOfFunctions() throws DeviceException {
        int[] out = run(NEXT, """
                { .param .b32 v; .param .b32 o; st.param.b32 [o], %r1; call (v), twice, (o); ld.param.b32 %r2, [v]; }
                """, 1, 64);
        for (int t = 0; t < 64; t++) {
            assertEquals(t / 32 * 32 + 3 + t, out[t], "thread " + t);
        }
    }

    @Test
    void guardedCallsWaitForThoseThatMakeThem() throws DeviceException {
        int[] out = run("""
                .func (.param .b32 r) counted() {
                .reg .b32 %x;
                activemask.b32 %x; popc.b32 %x, %x; st.param.b32 [r], %x;
                }
                """, """
                mov.u32 %r2, 100; setp.lt.u32 %q, %r1, 5;
                { .param .b32 v; @%q call (v), counted, (); @%q ld.param.b32 %r2, [v]; }
                """, 1, 32);
        assertEquals(5, out[0]);
        assertEquals(5, out[4]);
        assertEquals(100, out[5]);
    }

    @Test
    void functionsExitTheThread() throws DeviceException {
        int[] out = run("""
                .func quit(.param .b32 a) { .reg .b32 %a; .reg .pred %p; ld.param.u32 %a, [a]; setp.gt.u32 %p, %a, 2; @%p exit; ret; }
                """, "mov.u32 %r2, 1; { .param .b32 o; st.param.b32 [o], %r1; call quit, (o); }\n", 1, 5);
        assertEquals(1, out[2]);
        assertEquals(0, out[3]);
    }

    // Pointers

    private static final String TARGETS = """
            .func (.param .b32 r) plus(.param .b32 a) { .reg .b32 %a; ld.param.u32 %a, [a]; add.u32 %a, %a, 10; st.param.b32 [r], %a; ret; }
            .func (.param .b32 r) times(.param .b32 a) { .reg .b32 %a; ld.param.u32 %a, [a]; mul.lo.u32 %a, %a, 10; st.param.b32 [r], %a; ret; }
            .func (.param .b64 r) wide(.param .b64 a) { .reg .b64 %a; ld.param.u64 %a, [a]; st.param.b64 [r], %a; ret; }
            .global .align 8 .u64 table[2] = {plus, times};
            """;

    @Test
    void pointersAreCalledByListsOfTargets() throws DeviceException {
        int[] out = run(TARGETS, """
                and.b32 %r3, %r1, 1; mul.wide.u32 %rd2, %r3, 8; mov.u64 %rd3, table; add.u64 %rd2, %rd2, %rd3;
                ld.global.u64 %rd4, [%rd2];
                { .param .b32 v; .param .b32 o; st.param.b32 [o], %r1;
                  known: .calltargets plus, times;
                  call (v), %rd4, (o), known; ld.param.b32 %r2, [v]; }
                """, 1, 8);
        assertEquals(14, out[4]);
        assertEquals(50, out[5]);
    }

    private static void assertFails(CudaStatus status, String message, String functions, String body) {
        DeviceException thrown = assertThrows(DeviceException.class, () -> run(functions, body, 1, 1));
        assertEquals(status, thrown.status());
        assertTrue(String.valueOf(thrown.getMessage()).startsWith(message), thrown.getMessage());
    }

    /** A pointer from nowhere, and one to a function of another type: neither may be called. */
    @Test
    void otherPointersAreNotCalled() {
        String call = """
                { .param .b32 v; .param .b32 o; st.param.b32 [o], %r1;
                  known: .callprototype (.param .b32 _) _ (.param .b32 _);
                  call (v), %rd4, (o), known; ld.param.b32 %r2, [v]; }
                """;
        assertFails(CudaStatus.ILLEGAL_INSTRUCTION, "call of 0x1234, where", TARGETS, "mov.u64 %rd4, 0x1234;\n" + call);
        assertFails(CudaStatus.ILLEGAL_INSTRUCTION, "call of 0x4", TARGETS, "mov.u64 %rd4, wide;\n" + call);
    }

    /** Frames of a recursion must not reach into another thread's memory. */
    @Test
    void deepRecursionEndsWithAnError() {
        assertFails(
                CudaStatus.LAUNCH_FAILED,
                "stack overflow: local memory of ",
                """
                .func down(.param .b32 a) {
                .reg .b32 %a; .local .align 16 .b8 l[64];
                ld.param.u32 %a, [a]; st.local.u32 [l], %a; add.u32 %a, %a, 1;
                { .param .b32 o; st.param.b32 [o], %a; call down, (o); }
                ret;
                }
                """,
                "mov.u32 %r2, 0; { .param .b32 o; st.param.b32 [o], %r1; call down, (o); }\n");
    }

    // Branches by index

    @Test
    void branchesByIndex() throws DeviceException {
        String body = """
                rem.u32 %r3, %r1, 3;
                table: .branchtargets A, B, C;
                setp.gt.u32 %q, %r1, 20; @%q bra D;
                brx.idx.uni %r3, table;
                A: mov.u32 %r2, 7; bra END;
                B: bar.warp.sync 0x92492; mov.u32 %r2, 8; bra END;
                C: add.u32 %r2, %r1, 100; bra END;
                D: mov.u32 %r2, 9;
                END:
                """;
        int[] out = run("", body, 1, 32);
        for (int t = 0; t < 32; t++) {
            assertEquals(t > 20 ? 9 : t % 3 == 0 ? 7 : t % 3 == 1 ? 8 : t + 100, out[t], "thread " + t);
        }
        assertFails(
                CudaStatus.ILLEGAL_INSTRUCTION,
                "brx.idx: the index is outside of its targets",
                "",
                "mov.u32 %r3, 3; t: .branchtargets A; brx.idx %r3, t; A: mov.u32 %r2, 1;\n");
    }

    // Spinning

    /** Hand over hand: each thread waits, without a volatile word in sight, for the one before it. */
    @Test
    void threadsOfABlockSpinOnAcquiringLoads() throws DeviceException {
        int[] out = run("", """
                .reg .u64 %g; mov.u64 %g, s; cvta.shared.u64 %g, %g;
                sub.u32 %r9, 63, %r1;
                WAIT: ld.acquire.cta.u32 %r3, [%g]; setp.ne.u32 %q, %r3, %r9; @%q bra WAIT;
                add.u32 %r3, %r3, 1; mov.u32 %r2, %r3; st.release.cta.u32 [%g], %r3;
                """, 2, 64);
        for (int t = 0; t < 64; t++) {
            assertEquals(64 - t, out[t]);
        }
    }

    /** A loop that waits in vain goes on, but does not keep the launch from being cancelled. */
    @Test
    void endlessSpinningCanBeCancelled() throws Exception {
        String text =
                HEAD + ENTRY + "W: ld.volatile.global.u32 %r2, [%p]; setp.eq.u32 %q, %r2, 0; @%q bra W;\n" + STORE;
        try (KernelBench bench = new KernelBench(text)) {
            long word = bench.upload(0);
            Cancellation cancellation = new Cancellation();
            Thread canceller = Thread.ofPlatform().start(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(100);
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
                cancellation.cancel();
            });
            DeviceException thrown = assertThrows(
                    DeviceException.class, () -> bench.launch("k", KernelBench.line(20, 64), cancellation, word));
            assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status());
            canceller.join();
        }
    }

    // Versions

    @Test
    void acceptsKnownTargetsAndRefusesNewerOnes() throws DeviceException {
        for (String target : new String[] {"sm_50", "sm_75", "sm_90a", "sm_100", "sm_100f", "sm_121"}) {
            CompiledModule.compile(".version 9.0\n.target " + target + "\n.address_size 64\n.entry k() { ret; }\n");
        }
        DeviceException thrown = assertThrows(
                DeviceException.class,
                () -> CompiledModule.compile(".version 9.0\n.target sm_999\n.entry k() { ret; }\n"));
        assertEquals("line 2: .target sm_999: unsupported, the newest known is sm_121", thrown.getMessage());
    }
}
