package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/**
 * The greatest number, by compare-and-swap of one place. Every run that counts finds it there already, on all sides: what is measured is
 * that all numbers are compared with one place. That the swaps are right is verified apart, from the start.
 */
final class MaximumDuel extends KernelDuel {
    private static final int BLOCK = 128;

    private final float[] in;
    private final float[] most;

    MaximumDuel(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
        super(ground, source, "cas_max, found before, " + count, 4L * count, 1);
        in = given(random(count, SEED));
        most = changing(new float[] {Float.NEGATIVE_INFINITY});
        launch("cas_max", row(count, BLOCK), in, most, count);
    }

    @Override
    public void inJava() {
        share(in.length, (from, to) -> {
            float greatest = Float.NEGATIVE_INFINITY;
            for (int i = from; i < to; i++) {
                greatest = Math.max(greatest, in[i]);
            }
            synchronized (most) {
                most[0] = Math.max(most[0], greatest);
            }
        });
    }
}
