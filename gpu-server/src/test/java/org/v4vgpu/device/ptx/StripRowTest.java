package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.VectorUnit;

/** Blocks of one row run in one go where the grid is large: that must not be seen. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StripRowTest {
    private static final int WIDTH = 300;
    private static final int HEIGHT = 9;
    private static final int THREADS = WIDTH * HEIGHT * 32;

    /**
     * Threads add to their word what depends on their block only; those from the fifth on leave some blocks early, by place, for which
     * their strip parts; in the block {@code bad} the third one stores where there is nothing.
     */
    private static final String PTX = """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .entry k(.param .u64 words, .param .u32 bad) {
                .reg .b32 %r<12>; .reg .b64 %d<4>; .reg .pred %p<4>;
                ld.param.u64 %d0, [words]; ld.param.u32 %r0, [bad]; mov.u64 %d3, 0; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y;
                mov.u32 %r3, %tid.x; mad.lo.u32 %r4, %r2, 300, %r1; shl.b32 %r5, %r4, 5; add.u32 %r5, %r5, %r3;
                mul.wide.u32 %d1, %r5, 4; add.u64 %d2, %d0, %d1; ld.global.u32 %r6, [%d2];
                mad.lo.u32 %r7, %r1, 7, %r2; add.u32 %r6, %r6, %r7; st.global.u32 [%d2], %r6;
                rem.u32 %r8, %r4, 23; setp.eq.u32 %p0, %r8, 11; selp.b32 %r9, 5, 1000, %p0;
                setp.ge.u32 %p1, %r3, %r9; @%p1 bra END;
                add.u32 %r6, %r6, %r1; st.global.u32 [%d2], %r6;
                setp.ne.u32 %p2, %r4, %r0; @%p2 bra END;
                setp.eq.u32 %p3, %r3, 3; @%p3 st.global.u32 [%d3], %r6;
            END: ret;
            }
            """;

    @BeforeAll
    static void assumeVectors() {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
    }

    @Test
    void blocksOfARowAreEachThemselves() throws DeviceException {
        try (KernelBench bench = new KernelBench(PTX)) {
            assertTrue(bench.module().kernel("k").useStrips(true));
            long words = bench.upload(new int[THREADS]);
            bench.launch("k", new LaunchShape(WIDTH, HEIGHT, 1, 32, 1, 1, 0), words, -1);
            int[] expected = new int[THREADS];
            for (int i = 0; i < THREADS; i++) {
                int block = i / 32;
                int x = block % WIDTH;
                boolean leaves = block % 23 == 11 && i % 32 >= 5;
                expected[i] = 7 * x + block / WIDTH + (leaves ? 0 : x);
            }
            assertArrayEquals(expected, bench.ints(words, THREADS));
            assertEquals(0, bench.module().kernel("k").blocksThatLeftStrips());
        }
    }

    @Test
    void aFaultIsThatOfItsBlock() throws DeviceException {
        for (int bad : new int[] {0, 1, 299, 300, 1000, 1377, 1378, WIDTH * HEIGHT - 1}) {
            try (KernelBench bench = new KernelBench(PTX)) {
                assertTrue(bench.module().kernel("k").useStrips(true));
                long words = bench.upload(new int[THREADS]);
                DeviceException fault = assertThrows(
                        DeviceException.class,
                        () -> bench.launch("k", new LaunchShape(WIDTH, HEIGHT, 1, 32, 1, 1, 0), words, bad));
                String place = "block (" + bad % WIDTH + "," + bad / WIDTH + ",0), thread (3,0,0)";
                assertTrue(String.valueOf(fault.getMessage()).contains(place), place + ": " + fault.getMessage());
            }
        }
    }
}
