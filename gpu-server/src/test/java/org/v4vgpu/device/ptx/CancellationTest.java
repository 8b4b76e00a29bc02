package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Kernels that never end, or not in a lifetime, without a long loop in any one method. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CancellationTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    @Test
    void endsNestedCalls() throws Exception {
        StringBuilder ptx = new StringBuilder(HEAD + ".func f0() { ret; }\n");
        for (int i = 1; i <= 45; i++) {
            ptx.append(".func f" + i + "() { call f" + (i - 1) + "; call f" + (i - 1) + "; ret; }\n");
        }
        ptx.append(".visible .entry k() { call f45; ret; }\n");
        cancel(ptx.toString(), 1);
    }

    /** 500 turns in each of 26 functions: 500 to the 26th in all. */
    @Test
    void endsShortLoopsInFunctions() throws Exception {
        StringBuilder ptx = new StringBuilder(HEAD + ".func f0() { ret; }\n");
        for (int i = 1; i <= 26; i++) {
            ptx.append(".func f" + i + "() { .reg .u32 %n; .reg .pred %q; mov.u32 %n, 0;\nL: call f" + (i - 1)
                    + ";\nadd.u32 %n, %n, 1; setp.lt.u32 %q, %n, 500; @%q bra L; ret; }\n");
        }
        ptx.append(".visible .entry k() { call f26; ret; }\n");
        cancel(ptx.toString(), 1);
    }

    /** The back edge leads from the last method to the first. */
    @Test
    void endsLoopsThroughSeveralMethods() throws Exception {
        cancel(chunked(""), 1);
        cancel(chunked(""), 64);
        cancel(chunked("vote.sync.any.pred %q, %q, 0xffffffff;\n"), 64);
        cancel(chunked("bar.sync 0;\n"), 64);
    }

    private static String chunked(String last) {
        StringBuilder ptx = new StringBuilder(HEAD + ".visible .entry k() { .reg .b32 %r<3>; .reg .pred %q;\n"
                + "mov.u32 %r1, %tid.x; setp.eq.u32 %q, %r1, 3;\nTOP:\n");
        for (int i = 0; i < 4000; i++) {
            ptx.append("add.u32 %r1, %r1, " + i + ";\n");
            ptx.append(i % 100 == 0 ? "@%q bra L" + i + ";\nadd.u32 %r1, %r1, 1;\nL" + i + ":\n" : "");
        }
        return ptx.append(last).append("bra TOP; }\n").toString();
    }

    private static void cancel(String ptx, int threads) throws Exception {
        try (KernelBench bench = new KernelBench(ptx)) {
            Cancellation cancellation = new Cancellation();
            Thread canceller = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(200_000_000);
                cancellation.cancel();
            });
            DeviceException thrown = assertThrows(
                    DeviceException.class, () -> bench.launch("k", KernelBench.line(2, threads), cancellation));
            assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status(), thrown.getMessage());
            canceller.join();
        }
    }
}
