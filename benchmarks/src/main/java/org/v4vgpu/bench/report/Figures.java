package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;

/** The figures that a run's results make; what was not measured makes none. Safe for any thread. */
final class Figures {
    private static final String TURNS =
            "Transports take turns; points are medians over all turns. Each side is bound to a processor of its own, unless the"
                    + " machine's description says otherwise.";

    /** The bound is one of copies to the device. */
    private static final List<String> COPIES = List.of("htod", "dtoh", "pinned htod", "pinned dtoh");

    private static final int COPY_SHIFT = 32;

    private Figures() {}

    static List<Figure> of(Run run) {
        List<Figure> figures = new ArrayList<>();
        add(figures, latency(run));
        add(figures, sleeping(run));
        add(figures, bandwidth(run));
        add(figures, aggregate(run));
        add(figures, calls(run));
        add(figures, copies(run));
        add(figures, WorkloadFigures.matmul(run));
        add(figures, WorkloadFigures.stencil(run));
        add(figures, GrowthFigures.sessions(run));
        add(figures, GrowthFigures.soak(run));
        add(figures, software(run));
        add(figures, TraceFigure.of(run));
        add(figures, allocations(run));
        return figures;
    }

    private static void add(List<Figure> figures, Figure figure) {
        if (!figure.table().rows().isEmpty()) {
            figures.add(figure);
        }
    }

    private static Figure latency(Run run) {
        List<Result> results = new ArrayList<>(select(run, "pingpong", ""));
        results.addAll(select(run, "pingpong", "two-copy bound"));
        return new Figure(
                Claim.LATENCY,
                "V4VSockets improves the latency of small messages by 81 % compared with the split driver.",
                "A message to another process and back; both ends wait for the next one all the time, by spinning where the"
                        + " transport does that. " + TURNS,
                "Small messages over V4V and Aeron are bound by moving cache lines between two processors (the two-copy bound: two"
                        + " threads that hand each other the bytes and a number, nothing else);"
                        + " those over sockets by system calls and, where a reader sleeps, by its wake-up; those over the bridge also"
                        + " by passing three network stacks. From about 64 KiB on, copying the bytes takes most of the time.",
                charts(
                        "latency",
                        "Round trip by message size",
                        Chart.XAxis.BYTES,
                        "round trip, us",
                        true,
                        results,
                        Result::bytes,
                        Figures::micros),
                PivotTable.of(
                        results, "message, us (p99)", Chart.XAxis.BYTES::label, Result::bytes, PivotTable::micros));
    }

    private static Figure sleeping(Run run) {
        List<Result> results = select(run, "pingpong", "sleeping");
        return new Figure(
                "Latency when both ends sleep between messages",
                "",
                "As above, with a pause before each message that is longer than anybody spins: the other end sleeps when the"
                        + " message comes. " + TURNS,
                "The wake-up of a sleeping thread by the kernel, which all but a poller need; after it the processor's idle"
                        + " state and cold caches.",
                results.stream().map(Result::bytes).distinct().count() < 2
                        ? List.of()
                        : charts(
                                "sleeping",
                                "Round trip after a pause",
                                Chart.XAxis.BYTES,
                                "round trip, us",
                                true,
                                results,
                                Result::bytes,
                                Figures::micros),
                PivotTable.of(
                        results, "message, us (p99)", Chart.XAxis.BYTES::label, Result::bytes, PivotTable::micros));
    }

    private static Figure bandwidth(Run run) {
        List<Result> results = new ArrayList<>(select(run, "bandwidth", ""));
        results.addAll(select(run, "bandwidth", "two-copy bound"));
        return new Figure(
                Claim.BANDWIDTH,
                "V4VSockets achieves 2299 MB/s, 4.5 times the split driver's 501 MB/s, for messages of 1 MB.",
                "Messages one way from and to memory of their own, until the receiver has said that it has the last one. "
                        + TURNS,
                "V4V copies each byte twice, into a ring and out of it: the dashed line is what two pinned threads reach that do"
                        + " nothing else. TCP copies twice, too, and adds system calls, the network stack and its buffers. Small"
                        + " messages are bound by the cost of a message.",
                charts(
                        "bandwidth",
                        "Bandwidth by message size",
                        Chart.XAxis.BYTES,
                        "MB/s (10^6 bytes)",
                        false,
                        results,
                        Result::bytes,
                        Result::megabytesPerSecond),
                PivotTable.of(results, "message, MB/s", Chart.XAxis.BYTES::label, Result::bytes, PivotTable::rate));
    }

    private static Figure aggregate(Run run) {
        List<Result> pairs = select(run, "aggregate", "");
        List<Result> copying = select(run, "aggregate", "copy bandwidth");
        List<Chart.Line> lines = new ArrayList<>(lines(pairs, Result::pairs, Result::megabytesPerSecond));
        if (!pairs.isEmpty() && !copying.isEmpty()) {
            double rate = copying.getFirst().megabytesPerSecond();
            lines.add(level("copy bandwidth", rate, pairs));
            lines.add(level("half of it", rate / 2, pairs));
        }
        List<Result> all = new ArrayList<>(pairs);
        String size = copying.isEmpty()
                ? ""
                : String.format(
                        Locale.ROOT,
                        " In the same run %d cores copy arrays of %d MiB at %.0f MB/s.",
                        copying.getFirst().pairs(),
                        copying.getFirst().bytes() >> 20,
                        copying.getFirst().megabytesPerSecond());
        return new Figure(
                Claim.AGGREGATE,
                "V4VSockets reaches more than half of the system's memory bandwidth (STREAM: 27 GB/s).",
                "Messages of 1 MiB one way over 1 to 16 connections between two processes, a thread at each end, all at the same"
                        + " time, placed by the kernel; in a full run through Netty, too. Aeron is left to a single pair: each of its"
                        + " links here brings a media driver, and a thread, of its own." + size,
                "The cores: each pair wants two, and every byte is copied twice. The copy bandwidth counts bytes once and comes"
                        + " from memory beyond the caches, where it can; the messages themselves stay in the caches, which is why"
                        + " a transport can exceed half of it.",
                pairs.isEmpty()
                        ? List.of()
                        : List.of(new Chart(
                                "aggregate",
                                "Aggregate throughput by number of pairs",
                                Chart.XAxis.PAIRS,
                                "MB/s (10^6 bytes)",
                                false,
                                lines)),
                PivotTable.of(all, "pairs, MB/s", Long::toString, Result::pairs, PivotTable::rate));
    }

    private static Figure calls(Run run) {
        List<Result> results = run.results().stream()
                .filter(result -> List.of("rpc", "launch").contains(result.benchmark()))
                .toList();
        return new Figure(
                "A call without payload, and launches",
                "",
                "A context synchronize with nothing to wait for, through client library, protobuf, transport, session and"
                        + " dispatcher, until the reply is back; then launches of a kernel that does nearly nothing, waited for one"
                        + " by one (synchronous) or 200 together (asynchronous: per launch). Transports take turns; the processes"
                        + " of launches are placed by the kernel.",
                "A call: the latency of two messages, encoding, decoding and dispatching. A launch that is waited for adds handing it"
                        + " to a thread of the device and back. Of many launches the slowest stage counts: the client's, the lane's"
                        + " or the device's.",
                List.of(),
                PivotTable.list(results));
    }

    private static Figure copies(Run run) {
        List<Result> in = select(run, "memcpy", "htod");
        List<Result> out = select(run, "memcpy", "dtoh");
        List<Result> bound = select(run, "memcpy", "two-copy bound");
        List<Result> inAndBound = new ArrayList<>(in);
        inAndBound.addAll(bound);
        List<Plot> charts = new ArrayList<>(charts(
                "memcpy-to-device",
                "Copy of a matrix to the device",
                Chart.XAxis.MATRIX,
                "time, us",
                true,
                inAndBound,
                Figures::matrixSize,
                Figures::micros));
        charts.addAll(charts(
                "memcpy-from-device",
                "Copy of a matrix from the device",
                Chart.XAxis.MATRIX,
                "time, us",
                true,
                out,
                Figures::matrixSize,
                Figures::micros));
        return new Figure(
                Claim.COPY,
                "GPU memory copies over V4VSockets are up to 7 times as fast as over the split driver.",
                "A matrix of n x n single-precision numbers, from the client's memory to the software device of a server process,"
                        + " until a context synchronize after it has returned (first plot), and back (second). 'local' is the"
                        + " same device in the measuring process. " + TURNS,
                "V4V: two copies, of which one is made by each side at the same time (the two-copy bound is the same without"
                        + " anything else). Small matrices: one call's latency. 'local' copies once. A real GPU adds its DMA.",
                charts,
                PivotTable.of(
                        run.results().stream()
                                .filter(result -> result.benchmark().equals("memcpy"))
                                .toList(),
                        "n, us (p99)",
                        Figures::copyLabel,
                        Figures::copyRow,
                        PivotTable::micros));
    }

    /** Rows of a table of copies: by direction, and then by size. */
    private static long copyRow(Result result) {
        return (long) Math.max(0, COPIES.indexOf(result.kind())) << COPY_SHIFT | matrixSize(result);
    }

    private static String copyLabel(long row) {
        String direction = COPIES.get((int) (row >> COPY_SHIFT));
        return direction
                        .replace("pinned ", "pinned, ")
                        .replace("htod", "to the device")
                        .replace("dtoh", "from the device")
                + ", "
                + (row & (1L << COPY_SHIFT) - 1);
    }

    private static Figure software(Run run) {
        return SoftwareFigure.of(run);
    }

    private static Figure allocations(Run run) {
        List<Result> results = run.results().stream()
                .filter(result -> result.benchmark().equals("allocation"))
                .toList();
        List<List<String>> rows = results.stream()
                .map(result -> List.of(
                        result.kind(), result.transport(), String.format(Locale.ROOT, "%.1f", result.allocatedBytes())))
                .toList();
        return new Figure(
                "Heap bytes per message and per call",
                "",
                "As the JVM counts them by thread: 'message' is one sent and one received at one end; a call is a context"
                        + " synchronize, a launch is not waited for, copies are of 16 MiB; the server part is that of all threads of"
                        + " an in-process server, its device's among them. 'messages alone' builds, encodes, decodes and parses both"
                        + " sides' messages of such a call in one thread.",
                "What a call allocates is generated protobuf messages and their headers.",
                List.of(),
                new Figure.Table(List.of("of a", "transport", "heap bytes"), rows));
    }

    static List<Result> select(Run run, String benchmark, String kind) {
        return run.results().stream()
                .filter(result ->
                        result.benchmark().equals(benchmark) && result.kind().equals(kind))
                .toList();
    }

    static List<Plot> charts(
            String id,
            String caption,
            Chart.XAxis xAxis,
            String yTitle,
            boolean isLogarithmic,
            List<Result> results,
            ToLongFunction<Result> x,
            ToDoubleFunction<Result> y) {
        return results.isEmpty()
                ? List.of()
                : List.of(new Chart(id, caption, xAxis, yTitle, isLogarithmic, lines(results, x, y)));
    }

    /** A line for each transport, and one for the bound. */
    private static List<Chart.Line> lines(List<Result> results, ToLongFunction<Result> x, ToDoubleFunction<Result> y) {
        List<Chart.Line> lines = new ArrayList<>();
        for (String name : results.stream().map(Figures::lineName).distinct().toList()) {
            List<Result> own = results.stream()
                    .filter(result -> lineName(result).equals(name))
                    .sorted(Comparator.comparingLong(x))
                    .toList();
            lines.add(new Chart.Line(
                    name,
                    own.getFirst().transport(),
                    isBound(own.getFirst()),
                    own.stream()
                            .map(result -> new Chart.Point(x.applyAsLong(result), y.applyAsDouble(result)))
                            .toList()));
        }
        return lines;
    }

    private static Chart.Line level(String name, double rate, List<Result> across) {
        return new Chart.Line(
                name,
                "local",
                true,
                across.stream()
                        .mapToLong(Result::pairs)
                        .distinct()
                        .sorted()
                        .mapToObj(pairs -> new Chart.Point(pairs, rate))
                        .toList());
    }

    private static String lineName(Result result) {
        return isBound(result) ? result.kind() : result.transport();
    }

    private static boolean isBound(Result result) {
        return result.kind().equals("two-copy bound");
    }

    /** The n of an n x n matrix of single-precision numbers. */
    static long matrixSize(Result result) {
        return Math.round(Math.sqrt(result.bytes() / (double) Float.BYTES));
    }

    static double micros(Result result) {
        return result.p50Nanos() / 1e3;
    }

    static double millis(Result result) {
        return result.p50Nanos() / 1e6;
    }
}
