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

    /**
     * Blocks have three strips; in every fifth block the second one parts by place, before anything is stored, and in every seventh the
     * address of the last one's threads has to be widened for each of them.
     */
    private static final String LEAVING = """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .entry k(.param .u64 words, .param .u32 every) {
                .reg .b32 %r<16>; .reg .b64 %d<8>; .reg .pred %p<4>;
                ld.param.u64 %d0, [words]; ld.param.u32 %r0, [every]; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y; mov.u32 %r3, %tid.x;
                mad.lo.u32 %r4, %r2, 300, %r1; rem.u32 %r5, %r4, 5; setp.eq.u32 %p0, %r5, 3; selp.b32 %r6, 41, 1000, %p0;
                rem.u32 %r7, %r4, %r0; setp.eq.u32 %p1, %r7, 2; selp.b32 %r8, 0x7FFFFFB0, 0, %p1; add.u32 %r12, %r8, %r3;
                cvt.s64.s32 %d1, %r12; shr.s64 %d3, %d1, 32; cvt.u32.u64 %r9, %d3; mov.u32 %r10, 1;
                setp.ge.u32 %p2, %r3, %r6; @%p2 bra END; add.u32 %r10, %r4, 2;
            END: add.u32 %r10, %r10, %r9; mad.lo.u32 %r11, %r4, 96, %r3; mul.wide.u32 %d2, %r11, 4; add.u64 %d2, %d0, %d2;
                st.global.u32 [%d2], %r10; ret;
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

    /** What one block does is no other's, behind which it runs in one go or which runs behind it. */
    @Test
    void aBlockPartsOrLeavesItsStripsAlone() throws DeviceException {
        for (int every : new int[] {7, WIDTH * HEIGHT}) {
            try (KernelBench bench = new KernelBench(LEAVING)) {
                Kernel kernel = bench.module().kernel("k");
                assertTrue(kernel.useStrips(true));
                long words = bench.upload(new int[3 * THREADS]);
                int[] expected = new int[3 * THREADS];
                long left = kernel.blocksThatLeftStrips();
                long parted = kernel.blocksThatParted();
                for (int block = 0; block < WIDTH * HEIGHT; block++) {
                    boolean leaves = block % every == 2;
                    boolean parts = block % 5 == 3;
                    left += leaves ? 4 : 0;
                    parted += parts && !leaves ? 4 : 0;
                    for (int t = 0; t < 96; t++) {
                        expected[96 * block + t] = (parts && t >= 41 ? 1 : block + 2) - (leaves && t >= 80 ? 1 : 0);
                    }
                }
                for (int launch = 0; launch < 4; launch++) {
                    bench.launch("k", new LaunchShape(WIDTH, HEIGHT, 1, 96, 1, 1, 0), words, every);
                    assertArrayEquals(expected, bench.ints(words, 3 * THREADS));
                }
                assertEquals(left, kernel.blocksThatLeftStrips());
                assertEquals(parted, kernel.blocksThatParted());
            }
        }
    }
}
