package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** A square matrix transposed, by tiles: in shared memory, and in the loops, too. */
final class TransposeDuel extends KernelDuel {
    private static final int TILE = 32;
    private static final int ROWS = 8;

    private final int n;
    private final float[] in;
    private final float[] out;

    TransposeDuel(DuelGround ground, DuelGround.Source source, int n) throws DeviceException {
        super(ground, source, "transpose " + n, 4L * n * n, 1);
        this.n = n;
        in = given(random(n * n, SEED));
        out = changing(new float[n * n]);
        int tiles = (n + TILE - 1) / TILE;
        launch("transpose", field(tiles * TILE, tiles * ROWS, TILE, ROWS), in, out, n, n);
    }

    @Override
    public void inJava() {
        share((n + TILE - 1) / TILE, (from, to) -> {
            for (int tile = from; tile < to; tile++) {
                for (int x = 0; x < n; x += TILE) {
                    tileInJava(x, tile * TILE);
                }
            }
        });
    }

    private void tileInJava(int left, int top) {
        int right = Math.min(left + TILE, n);
        int bottom = Math.min(top + TILE, n);
        for (int y = top; y < bottom; y++) {
            for (int x = left; x < right; x++) {
                out[y * n + x] = in[x * n + y];
            }
        }
    }
}
