package org.v4vgpu.bench.result;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one contender's turns took: the samples of each, and each turn's median. Turns, not samples, are what repeats: samples of
 * one turn share where the kernel has placed the threads and what else the machine did. Confined to one thread.
 */
public final class Turns {
    private final List<long[]> samples = new ArrayList<>();
    private final List<Long> medians = new ArrayList<>();

    /** Turns of which only the medians are known, as a stored result may have it. */
    public static Turns ofMedians(List<Long> medians) {
        Turns turns = new Turns();
        turns.medians.addAll(medians);
        return turns;
    }

    public void add(Samples turn) {
        long[] taken = turn.toArray();
        medians.add(Samples.percentile(taken, 50));
        samples.add(taken);
    }

    public int count() {
        return medians.size();
    }

    /** Of each turn, in order. */
    public List<Long> medians() {
        return List.copyOf(medians);
    }

    /** Of each turn, in order; empty where only medians are known. */
    public List<long[]> samples() {
        return List.copyOf(samples);
    }

    /** Over all samples; over the medians where only those are known. */
    public long percentile(double percent) {
        long[] all = samples.isEmpty()
                ? medians.stream().mapToLong(Long::longValue).toArray()
                : samples.stream().flatMapToLong(Arrays::stream).toArray();
        return Samples.percentile(all, percent);
    }
}
