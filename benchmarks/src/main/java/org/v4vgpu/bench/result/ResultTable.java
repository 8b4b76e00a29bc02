package org.v4vgpu.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Results as text for a terminal, with each one's ratio to TCP ({@link Result#tcpAmong}) or to Java loops and the ratio's 95 % interval, or to both Java loops and PoCL. Safe for
 * any thread.
 */
public final class ResultTable {
    private ResultTable() {}

    public static String format(List<Result> results) {
        StringBuilder text = new StringBuilder();
        boolean pairs = results.stream().anyMatch(result -> result.pairs() != 1);
        boolean loops =
                results.stream().anyMatch(result -> result.javaAmong(results).isPresent());
        boolean pocl =
                results.stream().anyMatch(result -> result.poclAmong(results).isPresent());
        boolean allocations = results.stream().anyMatch(result -> result.allocatedBytes() >= 0);
        boolean memory = results.stream().anyMatch(result -> result.residentBytes() >= 0);
        line(
                text,
                "",
                "transport",
                pairs ? "pairs" : "bytes",
                "median us",
                "p99 us",
                memory ? "server MiB" : "MB/s",
                allocations
                        ? "heap bytes"
                        : loops ? "times as fast as Java" + (pocl ? ", PoCL" : "") : "times as fast as TCP");
        for (Result result : results) {
            line(
                    text,
                    result.kind().isEmpty() ? result.benchmark() : result.kind(),
                    result.transport(),
                    pairs ? result.pairs() : bytes(result.bytes()),
                    micros(result.p50Nanos()),
                    micros(result.p99Nanos()),
                    rate(
                            memory
                                    ? Math.max(0, result.residentBytes()) / (double) (1 << 20)
                                    : result.megabytesPerSecond()),
                    allocations ? allocated(result.allocatedBytes()) : ratio(result, results));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, Object... cells) {
        text.append(String.format(Locale.ROOT, "%-22s %-18s %9s %12s %12s %10s  %s", cells)
                        .stripTrailing())
                .append(System.lineSeparator());
    }

    private static String rate(double megabytesPerSecond) {
        return megabytesPerSecond == 0 ? "" : String.format(Locale.ROOT, "%.0f", megabytesPerSecond);
    }

    private static String allocated(double bytes) {
        return bytes < 0 ? "" : String.format(Locale.ROOT, "%.1f", bytes);
    }

    /** Empty for TCP itself and where TCP was not measured. */
    private static String ratio(Result result, List<Result> results) {
        return result.tcpAmong(results)
                        .or(() -> result.javaAmong(results))
                        .map(other -> result.ratioTo(other).toString())
                        .orElse("")
                + result.poclAmong(results)
                        .map(other -> ", " + result.ratioTo(other))
                        .orElse("");
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.2f", nanos / 1e3);
    }

    /** With the largest binary unit that leaves a whole number. */
    public static String bytes(long bytes) {
        List<String> units = new ArrayList<>(List.of("", " KiB", " MiB", " GiB"));
        long value = bytes;
        while (units.size() > 1 && value >= 1024 && value % 1024 == 0) {
            value /= 1024;
            units.removeFirst();
        }
        return value + units.getFirst();
    }
}
