package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** Vectors of four, times a number. */
final class ScaleDuel extends KernelDuel {
    private static final int BLOCK = 256;
    private static final float FACTOR = 0.75f;

    private final float[] x;
    private final float[] y;

    ScaleDuel(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
        super(ground, source, "vec4scale " + count, 16L * count, 1);
        x = given(random(4 * count, SEED));
        y = changing(new float[4 * count]);
        launch("vec4scale", row(count, BLOCK), x, y, FACTOR, count);
    }

    @Override
    public void inJava() {
        share(x.length, (from, to) -> {
            for (int i = from; i < to; i++) {
                y[i] = FACTOR * x[i];
            }
        });
    }
}
