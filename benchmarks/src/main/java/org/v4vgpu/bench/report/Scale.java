package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * A vertical axis: where values come to lie, and the round ones that are named. Immutable.
 *
 * @param low the lower end, as a position: a value, or its decimal logarithm
 * @param high the upper end
 */
record Scale(boolean isLogarithmic, double low, double high) {
    /** Of an axis over so many decades only the powers of ten are named, of a shorter one 1, 2 and 5 of each. */
    private static final double MANY_DECADES = 3.2;

    private static final int ABOUT_STEPS = 6;

    /** One that holds all values, with some air; a linear one begins at nothing. */
    static Scale of(boolean isLogarithmic, DoubleStream values) {
        double[] all = values.filter(value -> !isLogarithmic || value > 0).toArray();
        double least = DoubleStream.of(all).min().orElse(1);
        double most = DoubleStream.of(all).max().orElse(1);
        if (!isLogarithmic) {
            double step = step(Math.max(most, 1e-9));
            return new Scale(false, 0, step * Math.ceil(most * 1.04 / step));
        }
        double low = Math.log10(least);
        double high = Math.log10(most);
        double air = Math.max(0.06, 0.05 * (high - low));
        return new Scale(true, low - air, high + air);
    }

    double position(double value) {
        return isLogarithmic ? Math.log10(value) : value;
    }

    /** What lies within and is to be named. */
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        if (isLogarithmic) {
            double[] mantissas = high - low > MANY_DECADES ? new double[] {1} : new double[] {1, 2, 5};
            for (int decade = (int) Math.floor(low); decade <= high; decade++) {
                for (double mantissa : mantissas) {
                    addWithin(ticks, mantissa * Math.pow(10, decade));
                }
            }
        } else {
            double step = step(high);
            for (int i = 0; i * step <= high * 1.0001; i++) {
                ticks.add(i * step);
            }
        }
        return ticks;
    }

    private void addWithin(List<Double> ticks, double value) {
        if (position(value) >= low && position(value) <= high) {
            ticks.add(value);
        }
    }

    private static double step(double most) {
        double rough = most / ABOUT_STEPS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double mantissa = rough / power;
        return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
    }

    /** Without digits that say nothing. */
    static String label(double value) {
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceAll("\\.?0+$", "");
    }
}
