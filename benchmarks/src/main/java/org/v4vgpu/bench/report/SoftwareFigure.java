package org.v4vgpu.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.v4vgpu.bench.result.Ratio;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;

/** The software device's kernels beside Java's loops and PoCL: a row for each kernel. Safe for any thread. */
final class SoftwareFigure {
    private SoftwareFigure() {}

    static Figure of(Run run) {
        List<Result> results = run.results().stream()
                .filter(result -> result.benchmark().equals("software"))
                .toList();
        List<List<String>> rows = results.stream()
                .filter(result -> !result.isForeign())
                .map(result -> row(result, results))
                .toList();
        return new Figure(
                "Kernels on the software device",
                "",
                "On the device of the measuring process, as straightforward loops over arrays on as many threads (Java), and as"
                        + " OpenCL on PoCL where that is installed, in turns, results checked. matmul, stencil: the demo's tiled"
                        + " product and one iteration of its stencil; the others are the kernels that the device's tests use, by"
                        + " their names there, with the number of elements or the width. '1000 barriers': 100 barriers of blocks of"
                        + " 256 threads, the time of 1000 for one thread (us are ns for each). 'first launch': from the PTX text of"
                        + " a small kernel that nobody has seen to its result; 'second session': the same where another session has"
                        + " compiled it; 'launch': waited for; 'first launch' and 'first session of a fresh server': what the first client of a server"
                        + " process waits for, from the PTX text and from connecting; 'sessions': of a server process, that come, load a module that"
                        + " nobody has seen, launch and leave.",
                "The cores. A loop needs neither index arithmetic for each thread nor checks of addresses, and a barrier in it is only"
                        + " the end of one loop and the begin of another.",
                List.of(),
                new Figure.Table(
                        List.of(
                                "",
                                "median, us",
                                "Java, us",
                                "PoCL, us",
                                "times as fast as Java",
                                "times as fast as PoCL"),
                        rows));
    }

    private static List<String> row(Result result, List<Result> results) {
        Optional<Result> java = result.javaAmong(results);
        Optional<Result> pocl = result.poclAmong(results);
        return List.of(
                result.kind(),
                micros(result),
                java.map(SoftwareFigure::micros).orElse(""),
                pocl.map(SoftwareFigure::micros).orElse(""),
                java.map(result::ratioTo).map(Ratio::toString).orElse(""),
                pocl.map(result::ratioTo).map(Ratio::toString).orElse(""));
    }

    private static String micros(Result result) {
        return String.format(Locale.ROOT, "%.3f", result.p50Nanos() / 1e3);
    }
}
