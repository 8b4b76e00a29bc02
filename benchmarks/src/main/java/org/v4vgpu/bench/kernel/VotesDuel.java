package org.v4vgpu.bench.kernel;

import java.util.SplittableRandom;
import org.v4vgpu.device.DeviceException;

/** What the threads of a warp tell each other, and the counting barrier of a block. */
final class VotesDuel extends KernelDuel {
    private static final int BLOCK = 256;
    private static final int WARP = 32;

    private final int[] x;
    private final int[] y;

    /** @param count a multiple of the block */
    VotesDuel(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
        super(ground, source, "votes " + count, 4L * count, 1);
        x = given(new SplittableRandom(SEED).ints(count, -1, 3).toArray());
        y = changing(new int[count]);
        launch("votes", row(count, BLOCK), x, y, count);
    }

    @Override
    public void inJava() {
        share(x.length / WARP, (from, to) -> {
            for (int warp = from * WARP; warp < to * WARP; warp += WARP) {
                int ballot = 0;
                int any = 0;
                int all = 1;
                for (int lane = 0; lane < WARP; lane++) {
                    int value = x[warp + lane];
                    ballot |= value > 0 ? 1 << lane : 0;
                    any |= value < 0 ? 1 : 0;
                    all &= value != 0 ? 1 : 0;
                }
                int first = ballot == 0 ? 0 : Integer.numberOfTrailingZeros(ballot) + 1;
                int sum = 2 * ballot
                        + any * 2
                        + all * 4
                        - 1
                        + Integer.bitCount(ballot)
                        + first
                        + Integer.numberOfLeadingZeros(ballot)
                        + Integer.reverse(ballot)
                        + BLOCK / 2;
                for (int i = warp; i < warp + WARP; i++) {
                    y[i] = sum + (i ^ 1);
                }
            }
        });
    }
}
