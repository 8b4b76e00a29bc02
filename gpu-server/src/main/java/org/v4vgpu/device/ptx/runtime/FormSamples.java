package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;

/**
 * How long the last blocks of a kernel took in either of its forms, in the order in which they ended, and whether that tells which form
 * is faster. Blocks need not have had the same to do: which form a block gets is left to chance, so both forms get the same mixture, and
 * times are compared by their ranks (the test of Mann and Whitney), to which a block that was interrupted is one among others. Not safe
 * for threads.
 */
final class FormSamples {
    static final int MOST = 512;

    /** Of the last so many blocks: fewer are enough where the difference is clear. */
    private static final int[] WINDOWS = {32, 64, 128, 256, MOST};

    /** Each is asked so often in its own length: by chance alone it would tell something at last. */
    private static final int ASKED = 4;

    private static final int LEAST_OF_EACH = 8;

    /** In standard deviations of what ranks would tell if the forms were as fast as each other. */
    private static final double SURE = 4.4;

    private final long[] times = new long[MOST];
    private final boolean[] strips = new boolean[MOST];
    private final long[] sorted = new long[MOST];
    private long count;

    void clear() {
        count = 0;
    }

    void add(boolean inStrips, long nanos) {
        int at = (int) (count % MOST);
        times[at] = nanos;
        strips[at] = inStrips;
        count++;
    }

    /** Whether one form clearly takes less than seven eighths of the other's time. To be asked after each block. */
    boolean isFaster(boolean inStrips) {
        for (int window : WINDOWS) {
            if (window > count) {
                return false;
            }
            if (count % (window / ASKED) == 0 && lead(inStrips, window) > SURE) {
                return true;
            }
        }
        return false;
    }

    private double lead(boolean inStrips, int window) {
        long own = 0;
        for (int n = 0; n < window; n++) {
            int at = (int) ((count - 1 - n) % MOST);
            boolean isOwn = strips[at] == inStrips;
            own += isOwn ? 1 : 0;
            long time = Math.min(times[at], Long.MAX_VALUE >> 8);
            // Among equals, this form's come last.
            sorted[n] = 2 * ((isOwn ? 8 : 7) * time) + (isOwn ? 1 : 0);
        }
        long others = window - own;
        if (own < LEAST_OF_EACH || others < LEAST_OF_EACH) {
            return 0;
        }
        Arrays.sort(sorted, 0, window);
        long seen = 0;
        long wins = 0;
        for (int n = 0; n < window; n++) {
            if ((sorted[n] & 1) == 0) {
                seen++;
            } else {
                wins += others - seen;
            }
        }
        double pairs = (double) own * (double) others;
        return ((double) wins - pairs / 2) / Math.sqrt(pairs * (window + 1) / 12);
    }
}
