package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Warps of a block that wait for each other, at barriers and in loops. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BarrierTest {
    private static int[] run(int threads, String body) throws DeviceException {
        String text = """
                .version 8.6
                .target sm_90
                .address_size 64
                .visible .entry k(.param .u64 p) {
                .reg .b32 %r<9>; .reg .u64 %p, %rd<5>; .reg .pred %q, %w; .shared .align 4 .u32 flag;
                ld.param.u64 %p, [p]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd1, %r1, 4; add.u64 %p, %p, %rd1;
                setp.lt.u32 %w, %r1, 32;
                """ + body + "ret;\n}\n";
        try (KernelBench bench = new KernelBench(text)) {
            long out = bench.upload(new int[threads]);
            bench.launch("k", KernelBench.line(1, threads), out);
            return bench.ints(out, threads);
        }
    }

    /** What nvcc makes of {@code volatile __shared__ int flag; if (tid == 0) while (!flag);}. */
    @Test
    void aWarpWaitsForTheFlagOfAnother() throws DeviceException {
        int[] out = run(64, """
                setp.ne.u32 %q, %r1, 0; @%q bra REST;
                W: ld.volatile.shared.u32 %r2, [flag]; setp.eq.u32 %q, %r2, 0; @%q bra W;
                st.global.u32 [%p], %r2; bra END;
                REST: setp.ne.u32 %q, %r1, 63; @%q bra END;
                st.volatile.shared.u32 [flag], 7;
                END:
                """);
        assertEquals(7, out[0]);
    }

    /** Labels side by side: whichever of them the thread goes back to is the head of the loop. */
    @ParameterizedTest
    @ValueSource(strings = {"A", "B", "C"})
    void aWarpWaitsBehindAnyOfTheLabels(String label) throws DeviceException {
        int[] out = run(64, """
                setp.ne.u32 %q, %r1, 0; @%q bra REST;
                setp.eq.u32 %q, %r1, 99; @%q bra A; @%q bra B; @%q bra C;
                A: B: C: ld.volatile.shared.u32 %r2, [flag]; setp.eq.u32 %q, %r2, 0; @%q bra LABEL;
                st.global.u32 [%p], %r2; bra END;
                REST: setp.ne.u32 %q, %r1, 63; @%q bra END;
                st.volatile.shared.u32 [flag], 7;
                END:
                """.replace("LABEL", label));
        assertEquals(7, out[0]);
    }

    /** A load that is never cached waits as a volatile one does. */
    @Test
    void aWarpWaitsOnLoadsThatAreNeverCached() throws DeviceException {
        int[] out = run(64, """
                ld.param.u64 %rd2, [p]; setp.ne.u32 %q, %r1, 0; @%q bra REST;
                W: ld.global.cv.u32 %r2, [%rd2+252]; setp.eq.u32 %q, %r2, 0; @%q bra W;
                st.global.u32 [%p], %r2; bra END;
                REST: setp.ne.u32 %q, %r1, 63; @%q bra END;
                st.global.u32 [%p], 7;
                END:
                """);
        assertEquals(7, out[0]);
    }

    /** Every pass of the loop meets the warp. */
    @Test
    void aWarpWaitsInALoopThatSynchronises() throws DeviceException {
        int[] out = run(64, """
                @!%w bra SET;
                W: activemask.b32 %r3; ld.volatile.shared.u32 %r2, [flag]; bar.warp.sync %r3;
                setp.eq.u32 %q, %r2, 0; @%q bra W;
                popc.b32 %r3, %r3; st.global.u32 [%p], %r3; bra END;
                SET: st.volatile.shared.u32 [flag], 7;
                END:
                """);
        assertEquals(32, out[0]);
        assertEquals(32, out[31]);
    }

    /** Two phases that arrivals alone complete leave nothing to the third. */
    @Test
    void arrivalsAloneCompleteABarrier() throws DeviceException {
        // The first warp waits for 64 in the second phase: the arrivals of the first must not count.
        int[] out = run(96, """
                setp.ge.u32 %q, %r1, 64; @%q bra LAST;
                bar.arrive 1, 64;
                bar.sync 0, 96;
                @%w bra WAIT;
                bra END;
                LAST: bar.sync 0, 96;
                st.volatile.shared.u32 [flag], 1; bar.arrive 2, 64; bar.sync 3, 64;
                st.volatile.shared.u32 [flag], 9; bar.arrive 1, 64; bra END;
                WAIT: bar.sync 2, 64; bar.arrive 3, 64; bar.sync 1, 64;
                ld.volatile.shared.u32 %r2, [flag]; st.global.u32 [%p], %r2;
                END:
                """);
        assertEquals(9, out[0]);
    }

    @Test
    void arrivalsOfAnEarlierPhaseReleaseNobody() {
        DeviceException thrown = assertThrows(DeviceException.class, () -> run(64, """
                bar.arrive 1, 64; bar.sync 0;
                @%w bar.sync 1, 64;
                """));
        assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
        assertTrue(String.valueOf(thrown.getMessage()).contains("deadlock"), thrown.getMessage());
    }
}
