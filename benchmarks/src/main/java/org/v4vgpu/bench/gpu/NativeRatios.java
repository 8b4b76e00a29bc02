package org.v4vgpu.bench.gpu;

import java.util.List;
import java.util.Locale;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultTable;

/** How much of the native speed is left over each transport, as text. */
final class NativeRatios {
    private NativeRatios() {}

    static String format(List<Result> results) {
        StringBuilder text = new StringBuilder();
        line(text, "", "bytes", "native us", "v4v", "tcp");
        for (Result result : results) {
            if (result.transport().equals(KitBundle.NATIVE)) {
                line(
                        text,
                        result.benchmark() + " " + result.kind(),
                        ResultTable.bytes(result.bytes()),
                        String.format(Locale.ROOT, "%.2f", result.p50Nanos() / 1e3),
                        share(result, results, "v4v"),
                        share(result, results, "tcp"));
            }
        }
        return text.toString();
    }

    private static String share(Result result, List<Result> results, String transport) {
        return results.stream()
                .filter(other -> other.transport().equals(transport) && other.isSameCase(result))
                .findFirst()
                .map(other -> String.format(Locale.ROOT, "%.1f %%", 100.0 * result.p50Nanos() / other.p50Nanos()))
                .orElse("-");
    }

    private static void line(StringBuilder text, Object... cells) {
        text.append(String.format(Locale.ROOT, "%-24s %9s %14s %9s %9s", cells)).append(System.lineSeparator());
    }
}
