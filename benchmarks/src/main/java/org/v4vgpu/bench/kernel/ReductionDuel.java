package org.v4vgpu.bench.kernel;

import java.util.concurrent.atomic.DoubleAdder;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;

/** The sum of a vector. */
abstract class ReductionDuel extends KernelDuel {
    static final int BLOCK = 256;

    final float[] in;
    private final float[] sums;

    /** The numbers of one of the sums. */
    private final int piece;

    private ReductionDuel(DuelGround ground, DuelGround.Source source, String kind, int count, int results, int piece)
            throws DeviceException {
        super(ground, source, kind + " " + count, 4L * count, 1);
        this.piece = piece;
        in = given(random(count, SEED));
        sums = changing(new float[results]);
    }

    /** In single precision within each piece. */
    @Override
    public void inJava() {
        DoubleAdder total = new DoubleAdder();
        share(in.length, (from, to) -> {
            float sum = 0;
            for (int i = from; i < to; i++) {
                sum += in[i];
            }
            total.add(sum);
        });
        sums[0] = (float) total.sum();
    }

    /** The loops' sum and each of the other side's, of as many numbers as it stands for. */
    @Override
    boolean isRight() {
        float[] others = found(sums);
        boolean right = isSum(sums[0], 0, in.length);
        for (int i = 0; i < others.length; i++) {
            right &= isSum(others[i], Math.min((long) i * piece, in.length), Math.min((i + 1L) * piece, in.length));
        }
        return right;
    }

    /** Within more than what rounding does to sums of random numbers, of either sign. */
    private boolean isSum(float sum, long from, long to) {
        double exact = 0;
        double magnitude = 0;
        for (int i = (int) from; i < to; i++) {
            exact += in[i];
            magnitude += Math.abs(in[i]);
        }
        return Math.abs(sum - exact) <= 16 * 0x1p-24 * magnitude;
    }

    /** Of each block's two halves by a tree in shared memory, and of the blocks' sums by the host. */
    static final class Tree extends ReductionDuel {
        Tree(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
            super(ground, source, "reduce", count, blocks(count), 2 * BLOCK);
            launch("reduce_sync", new LaunchShape(blocks(count), 1, 1, BLOCK, 1, 1, 4 * BLOCK), in, super.sums, count);
        }

        private static int blocks(int count) {
            return (count + 2 * BLOCK - 1) / (2 * BLOCK);
        }
    }

    /** By shuffles within warps, and an atomic addition for each block. */
    static final class Shuffle extends ReductionDuel {
        private static final int BLOCKS = 64;

        Shuffle(DuelGround ground, DuelGround.Source source, int count) throws DeviceException {
            super(ground, source, "reduce_shfl", count, 1, count);
            launch("reduce_shfl", row(BLOCKS * BLOCK, BLOCK), in, super.sums, count);
        }
    }
}
