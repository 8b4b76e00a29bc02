package org.v4vgpu.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Results as text for a terminal, with each one's ratio to the faster of the TCP transports. Safe for any thread. */
final class ResultTable {
    private ResultTable() {}

    static String format(List<Result> results) {
        StringBuilder text = new StringBuilder();
        line(text, "", "transport", "bytes", "median us", "p99 us", "MB/s", "vs TCP");
        for (Result result : results) {
            line(
                    text,
                    result.kind().isEmpty() ? result.benchmark() : result.kind(),
                    result.transport(),
                    bytes(result.bytes()),
                    micros(result.p50Nanos()),
                    micros(result.p99Nanos()),
                    rate(result.megabytesPerSecond()),
                    ratio(result, results));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, Object... cells) {
        text.append(String.format(Locale.ROOT, "%-16s %-10s %10s %12s %12s %10s %10s", cells)
                        .stripTrailing())
                .append(System.lineSeparator());
    }

    private static String rate(double megabytesPerSecond) {
        return megabytesPerSecond == 0 ? "" : String.format(Locale.ROOT, "%.0f", megabytesPerSecond);
    }

    /** How many times as fast as TCP the result is; empty for TCP itself and where TCP was not measured. */
    private static String ratio(Result result, List<Result> results) {
        if (isTcp(result)) {
            return "";
        }
        Optional<Result> tcp = results.stream()
                .filter(other -> isTcp(other) && other.isSameCase(result))
                .min(Comparator.comparingLong(Result::p50Nanos));
        return tcp.map(t -> String.format(Locale.ROOT, "%.2fx", (double) t.p50Nanos() / result.p50Nanos()))
                .orElse("");
    }

    private static boolean isTcp(Result result) {
        return List.of("tcp", "tcp-netty").contains(result.transport());
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.2f", nanos / 1e3);
    }

    private static String bytes(long bytes) {
        List<String> units = new ArrayList<>(List.of("", " KiB", " MiB", " GiB"));
        long value = bytes;
        while (units.size() > 1 && value >= 1024 && value % 1024 == 0) {
            value /= 1024;
            units.removeFirst();
        }
        return value + units.getFirst();
    }
}
