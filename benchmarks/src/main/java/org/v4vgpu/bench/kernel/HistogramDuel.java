package org.v4vgpu.bench.kernel;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.v4vgpu.device.DeviceException;

/** How often each byte occurs, added to what is there: by atomics on global memory, or on shared memory first. */
final class HistogramDuel extends KernelDuel {
    private static final int BLOCK = 256;
    private static final int BLOCKS = 64;
    private static final int BINS = 256;

    private final byte[] data;
    private final int[] bins;

    HistogramDuel(DuelGround ground, DuelGround.Source source, String kernel, int count) throws DeviceException {
        super(ground, source, kernel + " " + count, count, 1);
        byte[] random = new byte[count];
        new SplittableRandom(SEED).nextBytes(random);
        data = given(random);
        bins = changing(new int[BINS]);
        launch(kernel, row(BLOCKS * BLOCK, BLOCK), data, bins, count);
    }

    @Override
    public void inJava() {
        share(data.length, (from, to) -> {
            int[] counts = new int[BINS];
            for (int i = from; i < to; i++) {
                counts[data[i] & 0xFF]++;
            }
            synchronized (bins) {
                Arrays.setAll(bins, bin -> bins[bin] + counts[bin]);
            }
        });
    }
}
