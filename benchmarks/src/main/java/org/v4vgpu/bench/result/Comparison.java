package org.v4vgpu.bench.result;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What got slower than a stored result, beyond the noise. Immutable.
 *
 * <p>A figure got slower where the whole 95 % interval of the ratio of the two runs lies on the slow side and the ratio exceeds the
 * tolerance: the interval covers the noise within a run, the tolerance that between runs of the same program (where the kernel
 * places processes, what the machine's neighbours do). Medians are compared. Turns are what an interval comes from, so that the time of a
 * figure with few of them is not compared. Ratios to TCP, over the bridge too, are held against each other by their intervals alone.
 *
 * @param slower a line for each figure that got slower
 * @param faster as many got faster, by the same measure
 * @param compared figures that both runs have
 * @param tooFewTurns further figures that both runs have, one of them with fewer than three turns
 * @param ratios to TCP that both runs have
 * @param agreeing as many of these have intervals that overlap
 * @param differences what of the two machines differs, a line each
 */
public record Comparison(
        List<String> slower,
        int faster,
        int compared,
        int tooFewTurns,
        int ratios,
        int agreeing,
        List<String> differences) {
    /** What a bootstrap says of fewer is no interval: of a single one it is a point. */
    private static final int FEWEST_TURNS = 3;

    private static final List<String> SAME_MACHINE =
            List.of("cpu", "cpus", "java", "kernel", "placement", "repetitions");

    /** A difference of less than a byte for each operation is a class that was loaded, or the like. */
    private static final double LEAST_BYTES = 1;

    /**
     * Compares.
     *
     * @param tolerance for example 0.1 for 10 %
     */
    public static Comparison of(Run before, Run now, double tolerance) {
        List<String> slower = new ArrayList<>();
        int faster = 0;
        int compared = 0;
        int tooFewTurns = 0;
        List<Boolean> agreements = new ArrayList<>();
        for (Result result : now.results()) {
            Result stored = before.results().stream()
                    .filter(result::isSameFigure)
                    .findFirst()
                    .orElse(null);
            if (stored == null) {
                continue;
            }
            agreements.addAll(agreements(ratios(stored, before), ratios(result, now)));
            if (hasTurns(result) && hasTurns(stored)) {
                compared++;
                Ratio ratio = Ratio.independent(result.turns(), stored.turns()); // how many times as long it takes now
                if (ratio.low() > 1 && ratio.value() > 1 + tolerance) {
                    slower.add(line(result, stored, ratio));
                } else if (ratio.high() < 1 && ratio.value() < 1 / (1 + tolerance)) {
                    faster++;
                }
            } else {
                tooFewTurns++;
            }
            if (allocatesMore(result, stored, tolerance)) {
                slower.add(String.format(
                        Locale.ROOT,
                        "%s: %.1f heap bytes, was %.1f",
                        name(result),
                        result.allocatedBytes(),
                        stored.allocatedBytes()));
            }
        }
        return new Comparison(
                slower,
                faster,
                compared,
                tooFewTurns,
                agreements.size(),
                Collections.frequency(agreements, true),
                differences(before, now));
    }

    /** As text for a terminal. */
    public String format() {
        StringBuilder text = new StringBuilder();
        differences.forEach(line -> text.append(line).append(System.lineSeparator()));
        text.append(String.format(
                Locale.ROOT,
                "of %d figures %d got slower or allocate more, and %d got faster, beyond the noise%n",
                compared,
                slower.size(),
                faster));
        slower.forEach(line -> text.append("  ").append(line).append(System.lineSeparator()));
        if (tooFewTurns > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "the times of %d further figures are not compared: fewer than %d turns%n",
                    tooFewTurns,
                    FEWEST_TURNS));
        }
        if (ratios > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    "%d of %d ratios to TCP, over the bridge too, agree: their intervals overlap%n",
                    agreeing,
                    ratios));
        }
        return text.toString();
    }

    private static boolean hasTurns(Result result) {
        return result.turns().count() >= FEWEST_TURNS;
    }

    /** To TCP, and to TCP over the bridge, where there are enough turns of both. */
    private static List<Optional<Ratio>> ratios(Result result, Run run) {
        return Stream.of(result.tcpAmong(run.results()), result.bridgeAmong(run.results()))
                .map(found ->
                        found.filter(tcp -> hasTurns(tcp) && hasTurns(result)).map(result::ratioTo))
                .toList();
    }

    /** Of the ratios that both have. */
    private static List<Boolean> agreements(List<Optional<Ratio>> then, List<Optional<Ratio>> now) {
        List<Boolean> agreements = new ArrayList<>();
        for (int i = 0; i < then.size(); i++) {
            Optional<Ratio> present = now.get(i);
            then.get(i).flatMap(stored -> present.map(stored::overlaps)).ifPresent(agreements::add);
        }
        return agreements;
    }

    /** Allocations are counted, not timed: they have no noise but what threads beside the measured one allocate. */
    private static boolean allocatesMore(Result result, Result stored, double tolerance) {
        return stored.allocatedBytes() >= 0
                && result.allocatedBytes() > stored.allocatedBytes() * (1 + tolerance) + LEAST_BYTES;
    }

    private static String name(Result result) {
        return String.format(
                Locale.ROOT,
                "%s%s %s%s over %s",
                result.benchmark(),
                result.kind().isEmpty() ? "" : " " + result.kind(),
                result.bytes() == 0 ? "call" : ResultTable.bytes(result.bytes()),
                result.pairs() == 1 ? "" : " " + result.pairs() + " pairs",
                result.transport());
    }

    private static String line(Result result, Result stored, Ratio ratio) {
        return String.format(
                Locale.ROOT,
                "%s: %.2f us, was %.2f us; takes %s as long",
                name(result),
                result.p50Nanos() / 1e3,
                stored.p50Nanos() / 1e3,
                ratio);
    }

    private static List<String> differences(Run before, Run now) {
        return SAME_MACHINE.stream()
                .filter(name -> !Objects.equals(text(before, name), text(now, name)))
                .map(name -> "not the same " + name + ": " + text(before, name) + " then, " + text(now, name) + " now")
                .toList();
    }

    private static String text(Run run, String name) {
        return String.valueOf(run.machine().getOrDefault(name, "unknown"));
    }
}
