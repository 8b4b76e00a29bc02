package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;

/** Where the time of a call goes, and what it costs to know. Stateless, safe for any thread. */
final class TraceFigure {
    private static final String UNTRACED = "whole, untraced";
    private static final String TRACED = "whole, traced";

    private TraceFigure() {}

    static Figure of(Run run) {
        List<Result> results = run.results().stream()
                .filter(result -> result.benchmark().equals("trace"))
                .toList();
        List<List<String>> rows = new ArrayList<>();
        for (Result result : results) {
            Optional<Result> untraced = results.stream()
                    .filter(other -> other.kind().equals(subject(result) + ": " + UNTRACED))
                    .findFirst();
            boolean isWhole = result.kind().endsWith(UNTRACED) || result.kind().endsWith(TRACED);
            rows.add(List.of(
                    result.kind(),
                    micros(result.p50Nanos()),
                    micros(result.p99Nanos()),
                    isWhole
                            ? ""
                            : untraced.map(whole -> String.format(
                                            Locale.ROOT, "%.0f %%", 100.0 * result.p50Nanos() / whole.p50Nanos()))
                                    .orElse("")));
            if (result.kind().endsWith(TRACED)) {
                untraced.ifPresent(whole -> rows.add(List.of(
                        subject(result) + ": overhead of tracing",
                        micros(result.p50Nanos() - whole.p50Nanos()),
                        "",
                        StageTable.longer(whole.ratioTo(result)))));
            }
        }
        return new Figure(
                "Where the time of a call and of a 16 MiB copy goes",
                "",
                "Stages from the Flight Recorder events of client and server, both in the measuring process, over V4V; medians of"
                        + " their own, which need not add up. Calls and copies, each traced and untraced, take turns: the overhead"
                        + " of tracing is the difference of the two wholes, and in brackets the interval that holds 95 % of what the"
                        + " turns give. A call that wakes comes 2 ms after the one before, when its lane sleeps.",
                "Of a copy both sides work at the same time: one side's wait is the other's work.",
                List.of(),
                new Figure.Table(List.of("", "median, us", "p99, us", "of the whole, untraced"), rows));
    }

    private static String subject(Result result) {
        int colon = result.kind().indexOf(':');
        return colon < 0 ? result.kind() : result.kind().substring(0, colon);
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.2f", nanos / 1e3);
    }
}
