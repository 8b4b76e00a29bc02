package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;
import org.v4vgpu.bench.result.Trend;

/** The figures of what grows: sessions, and time. Stateless, safe for any thread. */
final class GrowthFigures {
    private static final String CALL = "call, after s: ";
    private static final String SESSION = "session, after s: ";
    /** Of a value, in a minute: less is nothing. */
    private static final double FLAT = 0.01;

    private static final double MEBIBYTE = 1 << 20;

    private GrowthFigures() {}

    static Figure sessions(Run run) {
        List<Result> one = Figures.select(run, "sessions", "one calls");
        List<Result> all = Figures.select(run, "sessions", "all call");
        List<Plot> charts = new ArrayList<>(Figures.charts(
                "sessions-one",
                "A call of one session while the others are idle, by number of sessions",
                Chart.XAxis.SESSIONS,
                "a call, us",
                true,
                one,
                Result::pairs,
                Figures::micros));
        charts.addAll(Figures.charts(
                "sessions-all",
                "A call when all sessions call, by number of sessions",
                Chart.XAxis.SESSIONS,
                "time of all calls by their number, us",
                true,
                all,
                Result::pairs,
                Figures::micros));
        List<List<String>> rows = one.stream()
                .map(result -> List.of(
                        Integer.toString(result.pairs()),
                        result.transport(),
                        PivotTable.micros(result),
                        all.stream()
                                .filter(other -> other.pairs() == result.pairs()
                                        && other.transport().equals(result.transport()))
                                .map(PivotTable::micros)
                                .findFirst()
                                .orElse(""),
                        mebibytes(result)))
                .toList();
        return new Figure(
                "Calls as sessions grow",
                "",
                "Sessions of one client process on a server process for each transport, a thread each, placed by the kernel. First"
                        + " one of them makes synchronous calls without payload while the others are idle, then all do at the same"
                        + " time: their time divided by the number of their calls. The memory is what the server's process has resident"
                        + " at the end of each row, and never shrinks.",
                "An idle session costs nothing but memory. When more threads call than there are processors, each call waits until"
                        + " both its threads have one; what all of them reach together is bound by the processors.",
                charts,
                new Figure.Table(
                        List.of(
                                "sessions",
                                "transport",
                                "one calls, us (p99)",
                                "all call, by call, us (p99)",
                                "server's memory"),
                        rows));
    }

    static Figure soak(Run run) {
        List<Result> calls = after(run, CALL);
        List<Result> sessions = after(run, SESSION);
        List<Plot> charts = new ArrayList<>();
        charts.addAll(chart("soak-calls", "A call by time", "a call, us", calls, CALL, Figures::micros));
        charts.addAll(
                chart("soak-sessions", "A whole session by time", "a session, ms", sessions, SESSION, Figures::millis));
        charts.addAll(chart(
                "soak-memory",
                "Memory of the server's process by time",
                "resident memory, MiB",
                calls,
                CALL,
                result -> result.residentBytes() / MEBIBYTE));
        List<List<String>> rows = new ArrayList<>();
        if (!calls.isEmpty()) {
            rows.add(row("a call, median", "us", calls, CALL, Figures::micros));
            rows.add(row("a call, 99th percentile", "us", calls, CALL, result -> result.p99Nanos() / 1e3));
            rows.add(row("a whole session, median", "ms", sessions, SESSION, Figures::millis));
            rows.add(row("server's memory", "MiB", calls, CALL, result -> result.residentBytes() / MEBIBYTE));
        }
        return new Figure(
                "A day's calls in some minutes",
                "",
                "Over V4V: half of the time one session makes synchronous calls as fast as it can, the other half whole sessions come and"
                        + " go, one after the other: connect, load a module, copy in, 20 launches, copy out, check, leave. The trend is"
                        + " the least-squares line through the last two thirds, with its 95 % interval. Flat: the interval holds 0, or"
                        + " all of it is less than 1 % a minute.",
                "Nothing that is kept for ever. In the first third the server's JVM compiles, and its heap grows to what it may have:"
                        + " memory that grows later is garbage that the collector has not yet looked at, and stays below the heap's"
                        + " limit, a quarter of the machine's memory; what leaks would go on in every part of the run.",
                charts,
                new Figure.Table(List.of("", "after a third", "at the end", "trend per minute", "that is"), rows));
    }

    private static List<Result> after(Run run, String kind) {
        return run.results().stream()
                .filter(result ->
                        result.benchmark().equals("soak") && result.kind().startsWith(kind))
                .toList();
    }

    private static long seconds(Result result, String kind) {
        return Long.parseLong(result.kind().substring(kind.length()));
    }

    private static List<Plot> chart(
            String id, String caption, String yTitle, List<Result> results, String kind, ToDoubleFunction<Result> y) {
        return Figures.charts(
                id, caption, Chart.XAxis.SECONDS, yTitle, false, results, result -> seconds(result, kind), y);
    }

    private static List<String> row(
            String what, String unit, List<Result> results, String kind, ToDoubleFunction<Result> y) {
        List<Result> settled = results.subList(results.size() / 3, results.size());
        Trend trend = Trend.of(
                settled.stream()
                        .mapToDouble(result -> seconds(result, kind) / 60.0)
                        .toArray(),
                settled.stream().mapToDouble(y).toArray());
        return List.of(
                what,
                PivotTable.number(y.applyAsDouble(settled.getFirst())) + " " + unit,
                PivotTable.number(y.applyAsDouble(settled.getLast())) + " " + unit,
                Double.isFinite(trend.low()) ? trend + " " + unit : "",
                verdict(trend, y.applyAsDouble(settled.getFirst())));
    }

    /** What a trend per minute means for something that begins with this value. */
    static String verdict(Trend trend, double value) {
        if (!Double.isFinite(trend.low())) {
            return "too short to tell";
        }
        double least = FLAT * value;
        if (trend.low() <= 0 && trend.high() >= 0 || Math.max(-trend.low(), trend.high()) < least) {
            return "flat";
        }
        return String.format(
                Locale.ROOT,
                "%s by %.1f %% a minute",
                trend.slope() > 0 ? "grows" : "falls",
                100 * Math.abs(trend.slope()) / value);
    }

    private static String mebibytes(Result result) {
        return String.format(Locale.ROOT, "%.0f MiB", result.residentBytes() / MEBIBYTE);
    }
}
