package org.v4vgpu.bench.kernel;

import java.util.Arrays;
import org.v4vgpu.device.DeviceException;

/** The product of two square matrices. */
final class ProductDuel extends KernelDuel {
    private static final int TILE = 16;

    private final int n;
    private final float[] a;
    private final float[] b;
    private final float[] c;

    ProductDuel(DuelGround ground, DuelGround.Source source, String kernel, int n) throws DeviceException {
        super(ground, source, kernel + " " + n, 4L * n * n, 1);
        this.n = n;
        a = given(random(n * n, SEED));
        b = given(random(n * n, OTHER_SEED));
        c = changing(new float[n * n]);
        launch(kernel, field(n, n, TILE, TILE), a, b, c, n);
    }

    /** By rows, in the order in which the innermost loop walks along rows. */
    @Override
    public void inJava() {
        share(n, (from, to) -> {
            for (int row = from; row < to; row++) {
                Arrays.fill(c, row * n, row * n + n, 0);
                for (int k = 0; k < n; k++) {
                    float factor = a[row * n + k];
                    for (int column = 0; column < n; column++) {
                        c[row * n + column] += factor * b[k * n + column];
                    }
                }
            }
        });
    }

    /** Each entry within what rounding can do to a sum of n products, whose magnitudes add up to no more than the norms' product. */
    @Override
    boolean isRight() {
        float[] product = found(c);
        double[] rows = new double[n];
        double[] columns = new double[n];
        for (int y = 0; y < n; y++) {
            for (int x = 0; x < n; x++) {
                rows[y] += (double) a[y * n + x] * a[y * n + x];
                columns[x] += (double) b[y * n + x] * b[y * n + x];
            }
        }
        for (int i = 0; i < c.length; i++) {
            double error = Math.abs((double) product[i] - c[i]);
            if (!(error <= 2 * n * 0x1p-24 * Math.sqrt(rows[i / n] * columns[i % n]))) {
                return false;
            }
        }
        return true;
    }
}
