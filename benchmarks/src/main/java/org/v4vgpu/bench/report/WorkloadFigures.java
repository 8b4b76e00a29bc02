package org.v4vgpu.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Run;

/** The figures of whole jobs on the device, split into copies and kernel. Stateless, safe for any thread. */
final class WorkloadFigures {
    private static final String NATIVE = "local";
    private static final double POSTER_PERCENT = 115;

    private WorkloadFigures() {}

    static Figure matmul(Run run) {
        return of(
                run,
                "matmul",
                Claim.PRODUCT,
                "The whole matrix product takes 15 % longer than on a local GPU.",
                "Two matrices in, the tiled kernel, one out; entries are checked on the CPU.",
                List.of(new BarChart.Mark("native", 100), new BarChart.Mark("poster: 115 %", POSTER_PERCENT)));
    }

    static Figure stencil(Run run) {
        return of(
                run,
                "stencil",
                "Stencil on the remote device",
                "",
                "One field in, 20 iterations that stay on the device, one out; checked on the CPU to the bit.",
                List.of(new BarChart.Mark("native", 100)));
    }

    private static Figure of(
            Run run, String benchmark, String title, String claim, String job, List<BarChart.Mark> marks) {
        List<Result> total = Figures.select(run, benchmark, "total");
        List<Plot> plots = new ArrayList<>(Figures.charts(
                benchmark + "-total",
                title + ": total time",
                Chart.XAxis.MATRIX,
                "total time, ms",
                true,
                total,
                Figures::matrixSize,
                Figures::millis));
        List<BarChart.Group> groups = groups(run, benchmark, total);
        if (!groups.isEmpty()) {
            plots.add(new BarChart(
                    benchmark + "-split",
                    title + ": kernel and copies, against native",
                    "total time, % of the device's in the measuring process",
                    "kernel",
                    "copies",
                    marks,
                    groups));
        }
        plots.addAll(Figures.charts(
                benchmark + "-copies",
                title + ": its copies",
                Chart.XAxis.MATRIX,
                "copies, ms",
                true,
                Figures.select(run, benchmark, "copies"),
                Figures::matrixSize,
                Figures::millis));
        return new Figure(
                title,
                claim,
                job
                        + " First plot: all of it; second: the same as shares of what it takes native, split into kernel and copies;"
                        + " third: the copies alone. 'local' is the same device in the measuring process, which is what native means"
                        + " without a GPU. Processes are placed by the kernel; transports take turns. Sizes double as far as memory"
                        + " and time allow, in a full run.",
                "The kernel, which runs on the same cores whatever carries the copies: the transport shows only in the copies. What"
                        + " the kernel differs by between transports is noise, and how far each process's compiler has come. On a GPU"
                        + " the kernel is faster by orders of magnitude, and the copies' share larger.",
                plots,
                StageTable.of(run.results().stream()
                        .filter(result -> result.benchmark().equals(benchmark))
                        .toList()));
    }

    /** Of each size that was measured native, too. */
    private static List<BarChart.Group> groups(Run run, String benchmark, List<Result> total) {
        List<BarChart.Group> groups = new ArrayList<>();
        for (Result here : total.stream()
                .filter(result -> result.transport().equals(NATIVE))
                .toList()) {
            List<BarChart.Bar> bars = new ArrayList<>();
            for (Result result :
                    total.stream().filter(each -> each.bytes() == here.bytes()).toList()) {
                Optional<Result> kernel = Figures.select(run, benchmark, "kernel").stream()
                        .filter(each -> each.bytes() == result.bytes()
                                && each.transport().equals(result.transport()))
                        .findFirst();
                double all = 100.0 * result.p50Nanos() / here.p50Nanos();
                double lower = kernel.map(each -> Math.min(all, 100.0 * each.p50Nanos() / here.p50Nanos()))
                        .orElse(0.0);
                bars.add(new BarChart.Bar(result.transport(), lower, all - lower));
            }
            groups.add(new BarChart.Group(
                    "n = " + Figures.matrixSize(here), PivotTable.number(Figures.millis(here)) + " ms", bars));
        }
        return groups;
    }
}
