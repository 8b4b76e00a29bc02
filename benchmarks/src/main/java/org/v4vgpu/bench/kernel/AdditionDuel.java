package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** The sum of two vectors. */
final class AdditionDuel extends KernelDuel {
    private static final int BLOCK = 256;

    private final float[] a;
    private final float[] b;
    private final float[] sum;

    AdditionDuel(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
        super(ground, source, "vecadd " + count, 4L * count, 1);
        a = given(random(count, SEED));
        b = given(random(count, OTHER_SEED));
        sum = changing(new float[count]);
        launch("vecadd", row(count, BLOCK), a, b, sum, count);
    }

    @Override
    public void inJava() {
        share(sum.length, (from, to) -> {
            for (int i = from; i < to; i++) {
                sum[i] = a[i] + b[i];
            }
        });
    }
}
