package org.v4vgpu.bench;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.v4vgpu.bench.result.Machine;

/**
 * The sizes of square matrices of one experiment: of a full run each twice the one before, as far as the free memory and the experiment's
 * time allow. The laboratory is told what ended it. One thread uses it.
 */
final class MatrixSizes {
    /** Up to this size all are measured: what they take is nothing, and figures without them would be thin. */
    static final int ALWAYS = 1024;

    private static final int SMALLEST = 128;
    private static final int DOUBLINGS = 9;

    /** The least that a size is run: once without counting, and three turns. */
    private static final int FEWEST_ROUNDS = 4;

    /** Of what is free: a matrix has a place on either side, and in between. */
    private static final double MEMORY_SHARE = 0.5;

    private final String experiment;
    private final Effort effort;
    private final List<Integer> all;
    private final int matrices;
    private final int growth;
    private final long freeBytes = Machine.availableMemoryBytes();
    private int measured;
    private double roundNanos;

    /**
     * For one experiment.
     *
     * @param quick the sizes of a quick run, which is not asked for more
     * @param matrices that are in memory at the same time, on all sides together
     * @param growth how many times as long twice the size takes
     */
    MatrixSizes(String experiment, Effort effort, List<Integer> quick, int matrices, int growth) {
        this.experiment = experiment;
        this.effort = effort;
        this.matrices = matrices;
        this.growth = growth;
        this.all = effort.sizes(
                quick,
                IntStream.range(0, DOUBLINGS).mapToObj(i -> SMALLEST << i).toList());
    }

    /** Those that would be measured if nothing stood against it, the smallest first. */
    List<Integer> all() {
        return Collections.unmodifiableList(all);
    }

    /** Those that there is memory for, and no time is kept for others. What comes to them depends on the time. */
    List<Integer> fitting() {
        return all.stream().filter(size -> isAlways(size) || fits(size)).toList();
    }

    /** Whether there is memory and time for a size; if not, the laboratory knows why. */
    boolean admits(int size, Laboratory laboratory, Progress progress) {
        if (isAlways(size)) {
            return true;
        }
        String reason = obstacle(size, progress.leftNanos());
        if (reason.isEmpty()) {
            return true;
        }
        laboratory.skip(experiment + " from n = " + size + " on: " + reason);
        return false;
    }

    /** Why a size is not measured; empty where nothing stands against it. */
    String obstacle(int size, long leftNanos) {
        if (!fits(size)) {
            return String.format(
                    Locale.ROOT,
                    "%d matrices take %.1f GiB, more than half of the %.1f GiB that are free",
                    matrices,
                    neededBytes(size) / (1 << 30),
                    freeBytes / (double) (1 << 30));
        }
        double nanos = FEWEST_ROUNDS * roundNanos * Math.pow(growth, Math.log((double) size / measured) / Math.log(2));
        if (measured > 0 && nanos > leftNanos) {
            return String.format(
                    Locale.ROOT,
                    "three turns take about %.0f s, more than the %.0f s that are left of its share of the run's time",
                    nanos / 1e9,
                    leftNanos / 1e9);
        }
        return "";
    }

    /** A size has been measured, in rounds that took so long. */
    void measured(int size, int rounds, long nanos) {
        measured = size;
        roundNanos = nanos / (double) Math.max(1, rounds);
    }

    private boolean isAlways(int size) {
        return size <= ALWAYS || effort != Effort.FULL;
    }

    private boolean fits(int size) {
        return neededBytes(size) <= MEMORY_SHARE * freeBytes;
    }

    private double neededBytes(int size) {
        return (double) matrices * size * size * Float.BYTES;
    }
}
