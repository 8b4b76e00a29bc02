package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.v4vgpu.bench.result.Ratio;
import org.v4vgpu.bench.result.Result;

/** A workload's table: a row for each size and transport with its stages, and what it takes longer than native. Safe for any thread. */
final class StageTable {
    private static final List<String> STAGES = List.of("copy of one input", "copies", "kernel", "total");
    private static final List<String> HEADER = List.of(
            "n", "transport", "one input, ms", "all copies, ms", "kernel, ms", "total, ms", "longer than native");

    private StageTable() {}

    static Figure.Table of(List<Result> results) {
        List<List<String>> rows = new ArrayList<>();
        for (Result total : results.stream()
                .filter(result -> result.kind().equals("total"))
                .sorted(Comparator.comparingLong(Result::bytes))
                .toList()) {
            List<String> row = new ArrayList<>(List.of(Long.toString(Figures.matrixSize(total)), total.transport()));
            for (String stage : STAGES) {
                row.add(results.stream()
                        .filter(result -> result.kind().equals(stage)
                                && result.bytes() == total.bytes()
                                && result.transport().equals(total.transport()))
                        .findFirst()
                        .map(result -> String.format(Locale.ROOT, "%.3f", result.p50Nanos() / 1e6))
                        .orElse(""));
            }
            row.add(results.stream()
                    .filter(result -> result.isSameCase(total)
                            && result.transport().equals("local")
                            && !total.transport().equals("local"))
                    .findFirst()
                    .map(local -> longer(local.ratioTo(total)))
                    .orElse(""));
            rows.add(row);
        }
        return new Figure.Table(HEADER, rows);
    }

    /** As {@code 3.1 % [2.0, 4.2]}: of how many times as fast as the total the native one is. */
    static String longer(Ratio local) {
        return String.format(
                Locale.ROOT,
                "%.1f %% [%.1f, %.1f]",
                100 * (local.value() - 1),
                100 * (local.low() - 1),
                100 * (local.high() - 1));
    }
}
