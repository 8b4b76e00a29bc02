package org.v4vgpu.bench.kernel;

import java.util.SplittableRandom;
import org.v4vgpu.device.DeviceException;

/** Kernels of double precision. */
abstract class DoubleDuel extends KernelDuel {
    private static final int BLOCK = 256;

    final double[] x;
    final double[] y;

    private DoubleDuel(DuelGround ground, DuelGround.Source source, String kernel, int count) throws DeviceException {
        super(ground, source, kernel + " " + count, 8L * count, 1);
        x = given(positive(count, SEED));
        y = changing(positive(count, OTHER_SEED));
    }

    /** Between 0 and 2. */
    private static double[] positive(int count, long seed) {
        return new SplittableRandom(seed).doubles(count, 0, 2).toArray();
    }

    /** y = a * x + y, rounded once, each thread for every so many. */
    static final class Axpy extends DoubleDuel {
        private static final int BLOCKS = 64;

        /** Small, so that y stays what it is, however often. */
        private static final double FACTOR = 0x1p-40;

        Axpy(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
            super(ground, source, "daxpy", count);
            launch("daxpy", row(BLOCKS * BLOCK, BLOCK), count, FACTOR, x, y);
        }

        @Override
        public void inJava() {
            share(x.length, (from, to) -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.fma(FACTOR, x[i], y[i]);
                }
            });
        }
    }

    /** A root, a quotient and an exponential of each. */
    static final class Mathematics extends DoubleDuel {
        Mathematics(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
            super(ground, source, "dmath", count);
            launch("dmath", row(count, BLOCK), x, y, count);
        }

        @Override
        public void inJava() {
            share(x.length, (from, to) -> {
                for (int i = from; i < to; i++) {
                    y[i] = Math.sqrt(x[i]) / (1 + Math.abs(x[i])) + Math.exp(-x[i]);
                }
            });
        }

        @Override
        boolean isRight() {
            double[] other = found(y);
            for (int i = 0; i < y.length; i++) {
                if (!(Math.abs(other[i] - y[i]) <= 1e-14 * y[i])) {
                    return false;
                }
            }
            return true;
        }
    }
}
