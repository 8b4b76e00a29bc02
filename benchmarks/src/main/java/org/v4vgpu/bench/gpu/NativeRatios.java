package org.v4vgpu.bench.gpu;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultTable;

/** How much of the native speed is left over each transport, as text. */
final class NativeRatios {
    private NativeRatios() {}

    static String format(List<Result> results) {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "median",
                "bytes",
                "native us",
                "MB/s",
                "v4v us",
                "MB/s",
                "of native",
                "tcp us",
                "MB/s",
                "of native");
        for (Result result : results) {
            if (result.transport().equals(KitBundle.NATIVE)) {
                Optional<Result> v4v = over("v4v", result, results);
                Optional<Result> tcp = over("tcp", result, results);
                line(
                        text,
                        result.benchmark() + " " + result.kind(),
                        ResultTable.bytes(result.bytes()),
                        micros(Optional.of(result)),
                        rate(Optional.of(result)),
                        micros(v4v),
                        rate(v4v),
                        share(result, v4v),
                        micros(tcp),
                        rate(tcp),
                        share(result, tcp));
            }
        }
        return text.toString();
    }

    private static Optional<Result> over(String transport, Result result, List<Result> results) {
        return results.stream()
                .filter(other -> other.transport().equals(transport) && other.isSameCase(result))
                .findFirst();
    }

    private static String micros(Optional<Result> result) {
        return result.map(each -> String.format(Locale.ROOT, "%.2f", each.p50Nanos() / 1e3))
                .orElse("-");
    }

    private static String rate(Optional<Result> result) {
        return result.filter(each -> each.megabytesPerSecond() > 0)
                .map(each -> String.format(Locale.ROOT, "%.0f", each.megabytesPerSecond()))
                .orElse("");
    }

    /** Native time in percent of the other's. */
    private static String share(Result result, Optional<Result> other) {
        return other.map(each -> String.format(Locale.ROOT, "%.1f %%", 100.0 * result.p50Nanos() / each.p50Nanos()))
                .orElse("-");
    }

    private static void line(StringBuilder text, Object... cells) {
        text.append(String.format(Locale.ROOT, "%-22s %9s %11s %6s %11s %6s %9s %11s %6s %9s", cells)
                        .stripTrailing())
                .append(System.lineSeparator());
    }
}
