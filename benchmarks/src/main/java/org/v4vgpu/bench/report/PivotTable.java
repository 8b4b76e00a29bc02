package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import org.v4vgpu.bench.result.Ratio;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultTable;

/** A figure's table: a row for each size, a column for each transport, and V4V's ratios with their intervals. Safe for any thread. */
final class PivotTable {
    private static final String V4V = "v4v";

    private PivotTable() {}

    static Figure.Table of(
            List<Result> results,
            String corner,
            LongFunction<String> label,
            ToLongFunction<Result> x,
            Function<Result, String> cell) {
        List<String> columns =
                results.stream().map(PivotTable::column).distinct().toList();
        boolean bridge = results.stream().anyMatch(Result::isOverBridge);
        List<String> header = new ArrayList<>();
        header.add(corner);
        header.addAll(columns);
        if (columns.contains(V4V)) {
            header.add("V4V : TCP");
            if (bridge) {
                header.add("V4V : bridge");
            }
        }
        List<List<String>> rows = new ArrayList<>();
        for (long value : results.stream().mapToLong(x).distinct().sorted().toArray()) {
            List<Result> here = results.stream()
                    .filter(result -> x.applyAsLong(result) == value)
                    .toList();
            List<String> row = new ArrayList<>();
            row.add(label.apply(value));
            for (String column : columns) {
                row.add(here.stream()
                        .filter(result -> column(result).equals(column))
                        .findFirst()
                        .map(cell)
                        .orElse(""));
            }
            if (columns.contains(V4V)) {
                row.add(v4v(here, Result::tcpRatioAmong));
                if (bridge) {
                    row.add(v4v(here, Result::bridgeRatioAmong));
                }
            }
            rows.add(row);
        }
        return new Figure.Table(header, rows);
    }

    /** A row for each result; for figures without sizes. */
    static Figure.Table list(List<Result> results) {
        List<List<String>> rows = results.stream()
                .map(result -> List.of(
                        (result.kind().isEmpty() ? result.benchmark() : result.benchmark() + ", " + result.kind())
                                + (result.bytes() == 0 ? "" : ", " + ResultTable.bytes(result.bytes())),
                        result.transport(),
                        number(result.p50Nanos() / 1e3),
                        number(result.p99Nanos() / 1e3),
                        ratio(result, Result::tcpRatioAmong, results),
                        ratio(result, Result::bridgeRatioAmong, results)))
                .toList();
        return new Figure.Table(
                List.of(
                        "",
                        "transport",
                        "median, us",
                        "99th percentile, us",
                        "times as fast as TCP",
                        "as over the bridge"),
                rows);
    }

    private interface RatioAmong {
        Optional<Ratio> of(Result result, List<Result> all);
    }

    private static String v4v(List<Result> here, RatioAmong ratio) {
        return here.stream()
                .filter(result -> result.transport().equals(V4V))
                .findFirst()
                .map(result -> ratio(result, ratio, here))
                .orElse("");
    }

    private static String ratio(Result result, RatioAmong ratio, List<Result> all) {
        return ratio.of(result, all).map(Ratio::toString).orElse("");
    }

    private static String column(Result result) {
        return result.transport().equals("local")
                        && !result.kind().isEmpty()
                        && result.kind().contains("bound")
                ? result.kind()
                : result.transport();
    }

    /** Median and, in brackets, the 99th percentile, in microseconds. */
    static String micros(Result result) {
        return number(result.p50Nanos() / 1e3) + " (" + number(result.p99Nanos() / 1e3) + ")";
    }

    /** In 10^6 bytes per second. */
    static String rate(Result result) {
        return String.format(Locale.ROOT, "%.0f", result.megabytesPerSecond());
    }

    /** Three digits that count. */
    static String number(double value) {
        int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
