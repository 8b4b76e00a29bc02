package org.v4vgpu.bench;

import java.util.Arrays;

/** Durations in nanoseconds, and their percentiles. Confined to one thread. */
final class Samples {
    private long[] nanos = new long[1024];
    private int count;

    void add(long duration) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = duration;
    }

    /** The smallest duration that at least {@code percent} of all samples don't exceed. */
    long percentile(double percent) {
        if (count == 0) {
            throw new IllegalStateException("no samples");
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * count);
        return sorted[Math.clamp(rank - 1, 0, count - 1)];
    }

    long median() {
        return percentile(50);
    }
}
