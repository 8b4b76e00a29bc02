package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** One step of a five-point stencil, which leaves the border alone: by global memory or by tiles in shared memory. */
final class JacobiDuel extends KernelDuel {
    private static final int TILE = 16;

    private final int n;
    private final float[] in;
    private final float[] out;

    JacobiDuel(DuelGround ground, DuelGround.Source source, String kernel, int n) throws DeviceException {
        super(ground, source, kernel + " " + n, 4L * n * n, 1);
        this.n = n;
        in = given(random(n * n, SEED));
        out = changing(new float[n * n]);
        launch(kernel, field(n, n, TILE, TILE), in, out, n, n);
    }

    @Override
    public void inJava() {
        share(n - 2, (from, to) -> {
            for (int y = from + 1; y <= to; y++) {
                for (int i = y * n + 1; i < y * n + n - 1; i++) {
                    out[i] = 0.25f * (in[i - 1] + in[i + 1] + in[i - n] + in[i + n]);
                }
            }
        });
    }
}
