package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** The demo's heat stencil, which keeps the border; an even number of iterations, of which one counts. */
final class HeatDuel extends KernelDuel {
    private static final int ITERATIONS = 10;
    private static final int WIDTH = 32;
    private static final int HEIGHT = 8;

    private final int n;
    private final float[] even;
    private final float[] odd;

    HeatDuel(DuelGround ground, DuelGround.Source source, int n) throws DeviceException {
        super(ground, source, "stencil " + n, 4L * n * n, ITERATIONS);
        this.n = n;
        even = changing(random(n * n, SEED));
        odd = changing(new float[n * n]);
        for (int i = 0; i < ITERATIONS; i += 2) {
            launch("jacobi", field(n, n, WIDTH, HEIGHT), even, odd, n, n);
            launch("jacobi", field(n, n, WIDTH, HEIGHT), odd, even, n, n);
        }
    }

    @Override
    public void inJava() {
        for (int i = 0; i < ITERATIONS; i += 2) {
            iterate(even, odd);
            iterate(odd, even);
        }
    }

    private void iterate(float[] in, float[] out) {
        share(n, (from, to) -> {
            for (int y = from; y < to; y++) {
                if (y == 0 || y == n - 1) {
                    System.arraycopy(in, y * n, out, y * n, n);
                    continue;
                }
                out[y * n] = in[y * n];
                for (int i = y * n + 1; i < y * n + n - 1; i++) {
                    out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]);
                }
                out[y * n + n - 1] = in[y * n + n - 1];
            }
        });
    }
}
