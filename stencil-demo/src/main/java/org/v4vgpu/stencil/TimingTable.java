package org.v4vgpu.stencil;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A report as text for a terminal: a line per transport, and under them how many times as fast as TCP each of the others is.
 * Safe for any thread.
 */
final class TimingTable {
    private static final String COLUMN_GAP = "  ";

    private TimingTable() {}

    static String format(Report report) {
        Job job = report.job();
        List<List<String>> rows = new ArrayList<>();
        rows.add(headings(job));
        rows.add(units(job));
        for (Report.Run run : report.runs()) {
            rows.add(row(job, run));
        }
        tcp(report)
                .ifPresent(tcp -> report.runs().stream()
                        .filter(run -> !run.transport().equals(tcp.transport()))
                        .forEach(run -> rows.add(ratios(job, run, tcp))));
        return "%s on %s, medians of %d repetitions%n%n%s%nverified: %b  (%s)%n"
                .formatted(
                        job,
                        report.device(),
                        report.repetitions(),
                        align(rows),
                        report.verified(),
                        howVerified(report));
    }

    private static List<String> headings(Job job) {
        List<String> row = new ArrayList<>(List.of("transport"));
        for (String stage : job.stages()) {
            row.add(stage.replace('_', ' '));
            if (job.copies().contains(stage)) {
                row.add("");
            }
        }
        row.addAll(List.of("total", "max error"));
        return row;
    }

    private static List<String> units(Job job) {
        List<String> row = new ArrayList<>(List.of(""));
        for (String stage : job.stages()) {
            row.add("us");
            if (job.copies().contains(stage)) {
                row.add("MB/s");
            }
        }
        row.addAll(List.of("us", ""));
        return row;
    }

    private static List<String> row(Job job, Report.Run run) {
        List<String> row = new ArrayList<>(List.of(run.transport()));
        for (String stage : job.stages()) {
            row.add(decimal(run.micros(stage)));
            if (job.copies().contains(stage)) {
                row.add(String.format(Locale.ROOT, "%.0f", job.copyBytes() / run.micros(stage)));
            }
        }
        row.add(decimal(run.micros("total")));
        row.add(error(run.maximumError()));
        return row;
    }

    private static List<String> ratios(Job job, Report.Run run, Report.Run tcp) {
        List<String> row = new ArrayList<>(List.of(run.transport() + " : tcp"));
        for (String stage : job.stages()) {
            row.add(ratio(run, tcp, stage));
            if (job.copies().contains(stage)) {
                row.add("");
            }
        }
        row.addAll(List.of(ratio(run, tcp, "total"), ""));
        return row;
    }

    private static String ratio(Report.Run run, Report.Run tcp, String stage) {
        return String.format(Locale.ROOT, "%.2fx", tcp.micros(stage) / run.micros(stage));
    }

    private static Optional<Report.Run> tcp(Report report) {
        return report.runs().stream()
                .filter(run -> run.transport().equals("tcp"))
                .findFirst();
    }

    private static String howVerified(Report report) {
        return report.job().name().equals("matmul")
                ? "against a product in double precision on the CPU; tolerance " + error(report.tolerance())
                : "against the same iterations on the CPU; equal to the last bit";
    }

    /** The first column to the left, the others to the right. */
    private static String align(List<List<String>> rows) {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                int index = column;
                int width =
                        rows.stream().mapToInt(r -> r.get(index).length()).max().orElse(0);
                String cell = row.get(column);
                String padding = " ".repeat(width - cell.length());
                line.append(column == 0 ? cell + padding : COLUMN_GAP + padding + cell);
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }

    private static String decimal(double micros) {
        return String.format(Locale.ROOT, "%.1f", micros);
    }

    private static String error(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
    }
}
