package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** cp.async and mbarrier, one by one. */
class AsyncTest {
    private static final String HEAD = ".version 8.6\n.target sm_90\n.address_size 64\n";

    private static int[] run(String body, int threads, int... in) throws DeviceException {
        String text = HEAD + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                .shared .align 16 .b8 s[64]; .shared .align 8 .b64 bar;
                .reg .u64 %i, %o, %x, %state, %g; .reg .b32 %t, %a, %b, %r<9>; .reg .pred %p, %q, %w;
                ld.param.u64 %i, [in]; ld.param.u64 %o, [out]; mov.u32 %t, %tid.x; mov.u32 %a, s; mov.u32 %b, bar;
                mul.wide.u32 %x, %t, 4;
                """ + body + "\nret;\n}\n";
        try (KernelBench bench = new KernelBench(text)) {
            long out = bench.upload(new int[64]);
            bench.launch("k", KernelBench.line(1, threads), bench.upload(in), out);
            return bench.ints(out, 64);
        }
    }

    private static final String STORE_FOUR = """
            ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%a];
            st.global.v4.u32 [%o], {%r1, %r2, %r3, %r4};
            """;

    @ParameterizedTest
    @CsvSource({
        "'ca.shared.global [%a], [%i], 16', 1, 2, 3, 4",
        "'cg.shared.global.L2::128B [%a], [%i], 16', 1, 2, 3, 4",
        "'ca.shared::cta.global [%a+4], [%i], 4', 9, 1, 9, 9",
        "'ca.shared.global [%a+8], [%i+8], 8', 9, 9, 3, 4",
        "'cg.shared.global [%a], [%i], 16, 6', 1, 0x2, 0, 0",
        "'ca.shared.global [%a], [%i], 8, 0', 0, 0, 9, 9",
        "'ca.shared.global [%a], [%i], 16, %q', 0, 0, 0, 0",
        "'ca.shared.global [%a], [%i], 16, %w', 1, 2, 3, 4",
    })
    void copiesAtOnce(String form, String first, String second, String third, String fourth) throws DeviceException {
        int[] out = run(
                "st.shared.v4.u32 [%a], {9, 9, 9, 9}; setp.eq.u32 %q, %t, 0; setp.ne.u32 %w, %t, 0;\ncp.async." + form
                        + ";\ncp.async.commit_group; cp.async.wait_group 0; cp.async.wait_all;\n" + STORE_FOUR,
                1,
                1,
                2,
                3,
                4);
        int[] expected = {Integer.decode(first), Integer.decode(second), Integer.decode(third), Integer.decode(fourth)};
        assertArrayEquals(expected, java.util.Arrays.copyOf(out, 4));
    }

    @Test
    void misalignedCopiesFail() {
        DeviceException thrown =
                assertThrows(DeviceException.class, () -> run("cp.async.ca.shared.global [%a+4], [%i], 8;", 1, 1, 2));
        assertEquals(CudaStatus.MISALIGNED_ADDRESS, thrown.status());
    }

    private static final String INIT = "setp.ne.u32 %p, %t, 0; @!%p mbarrier.init.shared.b64 [%b], ";

    /** A phase ends with its last arrival; its state tells the phases apart. */
    @Test
    void phasesEndWithTheLastArrival() throws DeviceException {
        int[] out = run(INIT + """
                3; bar.sync 0; @%p ret;
                mbarrier.arrive.shared.b64 %state, [%b];
                mbarrier.pending_count.b64 %r1, %state;
                mbarrier.test_wait.shared.b64 %q, [%b], %state; selp.u32 %r2, 1, 0, %q;
                mbarrier.arrive.release.cta.shared::cta.b64 _, [%b], 2;
                mbarrier.test_wait.shared.b64 %q, [%b], %state; selp.u32 %r3, 1, 0, %q;
                mbarrier.try_wait.parity.shared::cta.b64 %q, [%b], 0, 100; selp.u32 %r4, 1, 0, %q;
                mbarrier.test_wait.parity.shared.b64 %q, [%b], 1; selp.u32 %r5, 1, 0, %q;
                st.global.v4.u32 [%o], {%r1, %r2, %r3, %r4}; st.global.u32 [%o+16], %r5;
                mbarrier.inval.shared.b64 [%b];
                """, 2);
        assertArrayEquals(new int[] {3, 0, 1, 1, 0}, java.util.Arrays.copyOf(out, 5));
    }

    /** Bytes that are expected keep a phase open; who drops out is not waited for again. */
    @Test
    void phasesWaitForBytesAndForgetWhoLeft() throws DeviceException {
        int[] out = run("""
                cvta.shared.u64 %g, bar;
                mbarrier.init.b64 [%g], 2;
                mbarrier.arrive.expect_tx.shared.b64 %state, [%b], 48;
                mbarrier.arrive_drop.shared.b64 %state, [%b];
                mbarrier.test_wait.parity.shared.b64 %q, [%b], 0; selp.u32 %r1, 1, 0, %q;
                mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%b], 16;
                mbarrier.complete_tx.shared.b64 [%b], 32;
                mbarrier.test_wait.parity.b64 %q, [%g], 0; selp.u32 %r2, 1, 0, %q;
                mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%b], 8;
                mbarrier.arrive.shared.b64 %state, [%b];
                mbarrier.test_wait.parity.shared.b64 %q, [%b], 1; selp.u32 %r3, 1, 0, %q;
                mbarrier.complete_tx.shared.b64 [%b], 8;
                mbarrier.test_wait.parity.shared.b64 %q, [%b], 1; selp.u32 %r4, 1, 0, %q;
                st.global.v4.u32 [%o], {%r1, %r2, %r3, %r4};
                """, 1);
        assertArrayEquals(new int[] {0, 1, 0, 1}, java.util.Arrays.copyOf(out, 4));
    }

    @Test
    void copiesArriveAtBarriers() throws DeviceException {
        int[] out = run("""
                mbarrier.init.shared.b64 [%b], 1;
                cp.async.ca.shared.global [%a], [%i], 16;
                cp.async.mbarrier.arrive.shared.b64 [%b];
                mbarrier.test_wait.parity.shared.b64 %q, [%b], 0; selp.u32 %r5, 1, 0, %q;
                cp.async.mbarrier.arrive.noinc.shared.b64 [%b];
                mbarrier.test_wait.parity.shared.b64 %q, [%b], 0; selp.u32 %r6, 1, 0, %q;
                """ + STORE_FOUR + "st.global.v2.u32 [%o+16], {%r5, %r6};\n", 1, 5, 6, 7, 8);
        assertArrayEquals(new int[] {5, 6, 7, 8, 0, 1}, java.util.Arrays.copyOf(out, 6));
    }

    @Test
    void moreArrivalsThanExpectedFail() {
        DeviceException thrown = assertThrows(
                DeviceException.class,
                () -> run("mbarrier.init.shared.b64 [%b], 2;\nmbarrier.arrive.shared.b64 %state, [%b], 3;", 1));
        assertEquals(CudaStatus.ILLEGAL_INSTRUCTION, thrown.status());
        assertTrue(
                String.valueOf(thrown.getMessage())
                        .startsWith("mbarrier.arrive: 3 arrivals where the phase waits for 2"),
                thrown.getMessage());
    }

    /** Warps wait for a producer that comes last. */
    @Test
    void threadsWaitForAProducer() throws DeviceException {
        int[] out = run(INIT + """
                1; bar.sync 0;
                setp.eq.u32 %q, %t, 63; @!%q bra WAIT;
                st.shared.u32 [%a], 77;
                mbarrier.arrive.shared.b64 %state, [%b];
                WAIT:
                mbarrier.try_wait.parity.shared.b64 %w, [%b], 0;
                @!%w bra WAIT;
                ld.shared.u32 %r1, [%a]; add.u64 %x, %x, %o; st.global.u32 [%x], %r1;
                """, 64);
        for (int value : out) {
            assertEquals(77, value);
        }
    }

    @Test
    void valuesOfSixtyFourBitsMatch() throws DeviceException {
        int[] out = run("""
                and.b32 %r1, %t, 1; and.b32 %r2, %t, 2; mov.b64 %g, {%r1, %r2};
                match.any.sync.b64 %r3, %g, -1;
                match.all.sync.b64 %r4|%q, %g, -1; selp.u32 %r5, 7, 8, %q;
                elect.sync %r6|%q, -1; selp.u32 %r7, 1, 0, %q; add.u32 %r7, %r7, %r6; add.u32 %r5, %r5, %r7;
                add.u32 %r4, %r4, %r5; xor.b32 %r3, %r3, %r4;
                add.u64 %x, %x, %o; st.global.u32 [%x], %r3;
                """, 32);
        for (int t = 0; t < 32; t++) {
            assertEquals((0x1111_1111 << t % 4) ^ (8 + (t == 0 ? 1 : 0)), out[t]);
        }
    }
}
