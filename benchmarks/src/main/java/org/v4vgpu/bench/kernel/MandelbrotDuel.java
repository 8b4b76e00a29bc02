package org.v4vgpu.bench.kernel;

import org.v4vgpu.device.DeviceException;

/** Iterations of the Mandelbrot set: a loop that ends for each thread when it likes. */
final class MandelbrotDuel extends KernelDuel {
    private static final int BLOCK_X = 16;
    private static final int BLOCK_Y = 8;
    private static final int MOST = 100;
    private static final float LEFT = -2;
    private static final float TOP = -1.2f;

    private final int n;
    private final float stepX;
    private final float stepY;
    private final int[] out;

    MandelbrotDuel(DuelGround ground, DuelGround.Source source, int n) throws DeviceException {
        super(ground, source, "mandel " + n, 4L * n * n, 1);
        this.n = n;
        stepX = 3f / n;
        stepY = 2.4f / n;
        out = changing(new int[n * n]);
        launch("mandel", field(n, n, BLOCK_X, BLOCK_Y), out, n, n, LEFT, TOP, stepX, stepY, MOST);
    }

    @Override
    public void inJava() {
        share(n, (from, to) -> {
            for (int py = from; py < to; py++) {
                for (int px = 0; px < n; px++) {
                    out[py * n + px] = iterations(Math.fma(px, stepX, LEFT), Math.fma(py, stepY, TOP));
                }
            }
        });
    }

    /** The source's formula, fused where its PTX is. */
    private static int iterations(float cx, float cy) {
        float x = 0;
        float y = 0;
        int iterations = 0;
        while (iterations < MOST && x * x + y * y < 4f) {
            float next = cx + (x * x - y * y);
            y = Math.fma(x + x, y, cy);
            x = next;
            iterations++;
        }
        return iterations;
    }
}
