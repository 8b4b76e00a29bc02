package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Grids whose blocks wait for each other, several at the same time. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class WaitingGridsTest {
    /** Block n waits until n blocks have ended, works for a while and ends. */
    private static final String CHAIN = """
        .version 7.0
        .target sm_75
        .address_size 64
        .visible .entry chain(.param .u64 p) {
            .reg .b32 %r<6>; .reg .u64 %rd<2>; .reg .pred %q;
            ld.param.u64 %rd1, [p]; mov.u32 %r1, %ctaid.x;
        WAIT:
            ld.acquire.gpu.global.u32 %r2, [%rd1];
            setp.ne.u32 %q, %r2, %r1;
            @%q bra WAIT;
            mov.u32 %r3, 0;
        WORK:
            mad.lo.u32 %r4, %r4, 1664525, %r3;
            add.u32 %r3, %r3, 1;
            setp.lt.u32 %q, %r3, 1000;
            @%q bra WORK;
            st.global.u32 [%rd1+4], %r4;
            atom.global.add.u32 %r5, [%rd1], 1;
            ret;
        }
        """;

    /** Helpers leave a grid for another one, and leave no block behind. */
    @Test
    void everyBlockOfEachRuns() throws Exception {
        int blocks = 3000;
        try (KernelBench bench = new KernelBench(CHAIN);
                ExecutorService callers = Executors.newFixedThreadPool(4)) {
            List<Long> counters = new ArrayList<>();
            List<Future<?>> launches = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                counters.add(bench.upload(new int[2]));
            }
            for (long counter : counters) {
                launches.add(callers.submit(() -> {
                    bench.launch("chain", KernelBench.line(blocks, 1), counter);
                    return null;
                }));
            }
            for (Future<?> launch : launches) {
                launch.get();
            }
            for (long counter : counters) {
                assertEquals(blocks, bench.ints(counter, 1)[0]);
            }
        }
    }
}
