package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.result.Ratio;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;

/**
 * One of the poster's claims beside what was measured. Immutable.
 *
 * @param figure the title of the figure that shows it
 * @param subject what is claimed of
 * @param poster what the poster claims
 * @param headline what was measured, in a few letters; empty where it was not
 * @param here the same comparison measured here, with its interval: over the bridge where the poster's is with the split driver;
 *     empty where that was skipped
 * @param loopback the same against TCP over loopback; empty where the claim is not about TCP
 * @param verdict whether the claim holds here
 */
record Claim(
        String figure, String subject, String poster, String headline, String here, String loopback, Verdict verdict) {
    /** Whether a claim holds: with its whole interval, with its value only, or not. */
    enum Verdict {
        HOLDS("holds"),
        WITHIN_NOISE("holds, but not with the whole interval"),
        FAILS("does not hold"),
        UNKNOWN("not measured");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }

        private static Verdict of(@Nullable Ratio measured, double wanted) {
            if (measured == null) {
                return UNKNOWN;
            }
            return measured.low() >= wanted ? HOLDS : measured.value() >= wanted ? WITHIN_NOISE : FAILS;
        }
    }

    static final String LATENCY = "Latency of a message";
    static final String BANDWIDTH = "Bandwidth of one pair";
    static final String AGGREGATE = "Aggregate throughput of several pairs";
    static final String COPY = "Copy of one matrix to the device (cudaMemcpy), and back";
    static final String PRODUCT = "Matrix product on the remote device";

    private static final String V4V = "v4v";
    private static final double LATENCY_RATIO = 1 / (1 - 0.81);
    private static final double BANDWIDTH_RATIO = 4.5;
    private static final double AGGREGATE_SHARE = 0.5;
    private static final double COPY_RATIO = 7;
    private static final double OVER_NATIVE = 1.15;
    private static final long SMALL_MESSAGE = 64;
    private static final long LARGE_MESSAGE = 1 << 20;

    /** The poster's five. */
    static List<Claim> of(Run run) {
        List<Result> all = run.results();
        List<Claim> claims = new ArrayList<>();
        claims.add(ofTransport(
                LATENCY,
                "latency of a message of " + SMALL_MESSAGE + " bytes",
                "81 % lower than the split driver",
                LATENCY_RATIO,
                v4v(all, "pingpong", "").filter(result -> result.bytes() == SMALL_MESSAGE),
                all,
                Claim::lower));
        claims.add(ofTransport(
                BANDWIDTH,
                "bandwidth with messages of 1 MiB",
                "4.5 times the split driver's",
                BANDWIDTH_RATIO,
                v4v(all, "bandwidth", "").filter(result -> result.bytes() == LARGE_MESSAGE),
                all,
                Ratio::toString));
        claims.add(aggregate(all));
        claims.add(ofTransport(
                COPY,
                "copy of a matrix to the device, at best",
                "7 times as fast as over the split driver",
                COPY_RATIO,
                v4v(all, "memcpy", "htod"),
                all,
                Ratio::toString));
        claims.add(overNative(all));
        return claims;
    }

    /** The best of the figures, against the bridge and against loopback. */
    private static Claim ofTransport(
            String figure,
            String subject,
            String poster,
            double wanted,
            Stream<Result> figures,
            List<Result> all,
            Function<Ratio, String> words) {
        List<Result> measured = figures.toList();
        Against bridge = best(measured, result -> result.bridgeAmong(all));
        Against loopback = best(measured, result -> result.tcpAmong(all));
        return new Claim(
                figure,
                subject,
                poster,
                bridge == null
                        ? ""
                        : words.apply(bridge.ratio).replaceAll(" ?\\[.*", "").replace("x", " times"),
                bridge == null ? "" : bridge.text(words),
                loopback == null ? "" : loopback.text(words),
                Verdict.of(bridge == null ? null : bridge.ratio, wanted));
    }

    /** All pairs together against the cores that copy. */
    private static Claim aggregate(List<Result> all) {
        Optional<Result> copying = all.stream()
                .filter(result -> result.kind().equals("copy bandwidth"))
                .findFirst();
        Ratio share = copying.flatMap(copy -> v4v(all, "aggregate", "")
                        .filter(result -> result.pairs() > 1)
                        .max(Comparator.comparingDouble(Result::megabytesPerSecond))
                        .map(best -> Ratio.independent(copy.turns(), best.turns())
                                .scaled(best.bytes() / (double) copy.bytes())))
                .orElse(null);
        return new Claim(
                AGGREGATE,
                "aggregate throughput of several pairs, at best",
                "more than half of the copy bandwidth",
                share == null ? "" : String.format(Locale.ROOT, "%.0f %%", 100 * share.value()),
                share == null ? "" : share + " of it",
                "",
                Verdict.of(share, AGGREGATE_SHARE));
    }

    /** The largest product against the same device in this process. */
    private static Claim overNative(List<Result> all) {
        Ratio times = v4v(all, "matmul", "total")
                .max(Comparator.comparingLong(Result::bytes))
                .flatMap(remote -> all.stream()
                        .filter(result ->
                                result.isSameCase(remote) && result.transport().equals("local"))
                        .findFirst()
                        .map(local -> local.ratioTo(remote)))
                .orElse(null);
        return new Claim(
                PRODUCT,
                "matrix product of the largest size, all of it",
                "15 % longer than native",
                times == null ? "" : StageTable.longer(times).replaceAll(" \\[.*", "") + " longer",
                times == null ? "" : StageTable.longer(times) + " longer than the device in the same process",
                "",
                // Less is better: the claim turned round.
                Verdict.of(
                        times == null ? null : new Ratio(1 / times.value(), 1 / times.high(), 1 / times.low()),
                        1 / OVER_NATIVE));
    }

    private static Stream<Result> v4v(List<Result> all, String benchmark, String kind) {
        return all.stream()
                .filter(result -> result.benchmark().equals(benchmark)
                        && result.kind().equals(kind)
                        && result.transport().equals(V4V));
    }

    /** A ratio, and the transport that it is a ratio to. */
    private record Against(String transport, Ratio ratio) {
        String text(Function<Ratio, String> words) {
            return words.apply(ratio) + " against " + transport;
        }
    }

    private static @Nullable Against best(List<Result> figures, Function<Result, Optional<Result>> other) {
        return figures.stream()
                .flatMap(figure -> other.apply(figure).stream()
                        .map(slower -> new Against(slower.transport(), figure.ratioTo(slower))))
                .max(Comparator.comparingDouble(against -> against.ratio.value()))
                .orElse(null);
    }

    /** A ratio of times as so much lower. */
    private static String lower(Ratio ratio) {
        return String.format(
                Locale.ROOT,
                "%.1f %% lower [%.1f, %.1f]",
                100 * (1 - 1 / ratio.value()),
                100 * (1 - 1 / ratio.low()),
                100 * (1 - 1 / ratio.high()));
    }
}
