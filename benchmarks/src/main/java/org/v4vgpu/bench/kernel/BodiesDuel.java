package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;

/** What every body's mass does to every other, a tile of bodies in shared memory at a time. */
final class BodiesDuel extends KernelDuel {
    private static final int BLOCK = 256;
    private static final float SOFTENING = 1e-4f;

    private final int n;
    private final float[] bodies;
    private final float[] accelerations;

    /** @param n a multiple of the block */
    BodiesDuel(DuelGround ground, DuelGround.Source source, int n) throws DeviceException {
        super(ground, source, "nbody " + n, 16L * n, 1);
        this.n = n;
        bodies = given(random(4 * n, SEED));
        accelerations = changing(new float[4 * n]);
        launch("nbody", new LaunchShape(n / BLOCK, 1, 1, BLOCK, 1, 1, 16 * BLOCK), bodies, accelerations, n);
    }

    @Override
    public void inJava() {
        share(n, (from, to) -> {
            for (int i = from; i < to; i++) {
                float ax = 0;
                float ay = 0;
                float az = 0;
                for (int k = 0; k < n; k++) {
                    float dx = bodies[4 * k] - bodies[4 * i];
                    float dy = bodies[4 * k + 1] - bodies[4 * i + 1];
                    float dz = bodies[4 * k + 2] - bodies[4 * i + 2];
                    float r = 1 / (float) Math.sqrt(dx * dx + dy * dy + dz * dz + SOFTENING);
                    float f = bodies[4 * k + 3] * r * r * r;
                    ax += f * dx;
                    ay += f * dy;
                    az += f * dz;
                }
                accelerations[4 * i] = ax;
                accelerations[4 * i + 1] = ay;
                accelerations[4 * i + 2] = az;
            }
        });
    }

    /** Each within what rounding does to sums of so many. */
    @Override
    boolean isRight() {
        float[] other = found(accelerations);
        for (int i = 0; i < n; i++) {
            double magnitude = magnitude(i);
            for (int axis = 0; axis < 4; axis++) {
                double error = Math.abs((double) other[4 * i + axis] - accelerations[4 * i + axis]);
                if (!(error <= 1e-5 * magnitude)) {
                    return false;
                }
            }
        }
        return true;
    }

    private double magnitude(int i) {
        double sum = 1;
        for (int k = 0; k < n; k++) {
            float dx = bodies[4 * k] - bodies[4 * i];
            float dy = bodies[4 * k + 1] - bodies[4 * i + 1];
            float dz = bodies[4 * k + 2] - bodies[4 * i + 2];
            sum += Math.abs(bodies[4 * k + 3]) / (dx * dx + dy * dy + dz * dz + SOFTENING);
        }
        return sum;
    }
}
