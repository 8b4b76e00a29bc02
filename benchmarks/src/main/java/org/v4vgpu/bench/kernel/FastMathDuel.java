package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** Eight functions of each number, some of them in the GPU's approximation. */
final class FastMathDuel extends KernelDuel {
    private static final int BLOCK = 128;
    private static final double TOLERANCE = 2e-6;

    private final float[] x;
    private final float[] y;

    FastMathDuel(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
        super(ground, source, "fastmath " + count, 4L * count, 1);
        x = given(random(count, SEED));
        y = changing(new float[count]);
        launch("fastmath", row(count, BLOCK), x, y, count);
    }

    @Override
    public void inJava() {
        share(x.length, (from, to) -> {
            for (int i = from; i < to; i++) {
                float v = x[i];
                float a = Math.abs(v);
                y[i] = (float) Math.sin(v)
                        + (float) Math.exp(v)
                        + (float) Math.log(a + 1)
                        + (float) Math.sin(v) * (float) Math.pow(a, 1.5f)
                        + v / 3.7f
                        + (float) Math.sqrt(a)
                        + 1 / (v + 2);
            }
        });
    }

    /** The terms add up to 9 at most. */
    @Override
    boolean isRight() {
        float[] other = found(y);
        for (int i = 0; i < y.length; i++) {
            if (!(Math.abs((double) other[i] - y[i]) <= 9 * TOLERANCE)) {
                return false;
            }
        }
        return true;
    }
}
