package org.v4vgpu.bench.result;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * How many times as fast one contender is as another, with the 95 % interval that a bootstrap over turns gives. Immutable.
 *
 * <p>Turns are resampled, not samples: those of one turn are not independent. Contenders that took turns are resampled in pairs
 * (turn i of one with turn i of the other), so that what the machine did at that time cancels out. Where processes and memory come to
 * lie stays the same within a run, and no resampling sees it; the ends are moved apart by what runs were seen to differ by.
 *
 * @param value the other's median turn divided by this one's
 * @param low the lower end of the interval
 * @param high its upper end
 */
public record Ratio(double value, double low, double high) {
    private static final int RESAMPLES = 2000;
    private static final double TAIL = 0.025;

    /** Measured on two processors: with less, less than 95 % of the intervals of two runs overlap. */
    private static final double BETWEEN_RUNS = 0.04;

    /** Fixed, so that the same measurements always give the same interval. */
    private static final long SEED = 20150421;

    /** Of contenders that took turns with each other. */
    public static Ratio paired(Turns other, Turns self) {
        int turns = Math.min(other.count(), self.count());
        Ratio seen = of(other.medians().subList(0, turns), self.medians().subList(0, turns), true);
        return new Ratio(seen.value, seen.low / (1 + BETWEEN_RUNS), seen.high * (1 + BETWEEN_RUNS));
    }

    /** Of contenders that were measured in different runs. */
    public static Ratio independent(Turns other, Turns self) {
        return of(other.medians(), self.medians(), false);
    }

    private static Ratio of(List<Long> other, List<Long> self, boolean paired) {
        if (other.isEmpty() || self.isEmpty()) {
            throw new IllegalStateException("no turns");
        }
        SplittableRandom random = new SplittableRandom(SEED);
        double[] ratios = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            int[] left = draw(random, other.size());
            int[] right = paired ? left : draw(random, self.size());
            ratios[i] = median(other, left) / median(self, right);
        }
        Arrays.sort(ratios);
        double value = median(other, all(other.size())) / median(self, all(self.size()));
        return new Ratio(value, ratios[(int) (TAIL * RESAMPLES)], ratios[(int) Math.ceil((1 - TAIL) * RESAMPLES) - 1]);
    }

    private static int[] draw(SplittableRandom random, int count) {
        int[] chosen = new int[count];
        for (int i = 0; i < count; i++) {
            chosen[i] = random.nextInt(count);
        }
        return chosen;
    }

    private static int[] all(int count) {
        int[] chosen = new int[count];
        Arrays.setAll(chosen, i -> i);
        return chosen;
    }

    private static double median(List<Long> values, int[] chosen) {
        long[] sorted = new long[chosen.length];
        for (int i = 0; i < chosen.length; i++) {
            sorted[i] = values.get(chosen[i]);
        }
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0;
    }

    /** The same of rates: where one moves {@code factor} times as many bytes in its time. */
    public Ratio scaled(double factor) {
        return new Ratio(value * factor, low * factor, high * factor);
    }

    /** Whether the two intervals have something in common. */
    public boolean overlaps(Ratio other) {
        return low <= other.high && other.low <= high;
    }

    /** As {@code 3.00x [2.80, 3.10]}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s [%s, %s]", times(value) + "x", times(low), times(high));
    }

    /** Three digits that count. */
    private static String times(double ratio) {
        int digits = ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + digits + "f", ratio);
    }
}
