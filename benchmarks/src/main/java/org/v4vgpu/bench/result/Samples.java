package org.v4vgpu.bench.result;

import java.util.Arrays;

/** Durations in nanoseconds of one turn. Confined to one thread. */
public final class Samples {
    private long[] nanos = new long[256];
    private int count;

    public void add(long duration) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = duration;
    }

    public int count() {
        return count;
    }

    /** All of them in the order in which they were added. */
    public long[] toArray() {
        return Arrays.copyOf(nanos, count);
    }

    public long median() {
        return percentile(toArray(), 50);
    }

    /** The smallest duration that at least {@code percent} of all don't exceed. */
    public static long percentile(long[] durations, double percent) {
        if (durations.length == 0) {
            throw new IllegalStateException("no samples");
        }
        long[] sorted = durations.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
    }
}
