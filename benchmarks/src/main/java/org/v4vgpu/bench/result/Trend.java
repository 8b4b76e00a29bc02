package org.v4vgpu.bench.result;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How something changes with something else: the slope of the least-squares line, and its 95 % interval from the scatter about the
 * line. Immutable.
 *
 * @param slope NaN where there are fewer than two different points
 * @param low the lower end; minus infinity where there are too few points to tell
 * @param high the upper end
 */
public record Trend(double slope, double low, double high) {
    /** Two standard errors, as for many points; the quantile of Student's distribution for 10 is 2.2. */
    private static final double STANDARD_ERRORS = 2.2;

    /** The trend of {@code y} by {@code x}; as many of one as of the other. */
    public static Trend of(double[] x, double[] y) {
        double meanX = Arrays.stream(x).average().orElse(Double.NaN);
        double meanY = Arrays.stream(y).average().orElse(Double.NaN);
        double spread =
                Arrays.stream(x).map(value -> (value - meanX) * (value - meanX)).sum();
        if (!(spread > 0)) {
            return new Trend(Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double slope = IntStream.range(0, x.length)
                        .mapToDouble(i -> (x[i] - meanX) * (y[i] - meanY))
                        .sum()
                / spread;
        if (x.length < 3) {
            return new Trend(slope, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double residuals = IntStream.range(0, x.length)
                .mapToDouble(i -> y[i] - meanY - slope * (x[i] - meanX))
                .map(residual -> residual * residual)
                .sum();
        double margin = STANDARD_ERRORS * Math.sqrt(residuals / (x.length - 2) / spread);
        return new Trend(slope, slope - margin, slope + margin);
    }

    /** As {@code +0.30 [-0.10, +0.70]}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%+.2f [%+.2f, %+.2f]", slope, low, high);
    }
}
