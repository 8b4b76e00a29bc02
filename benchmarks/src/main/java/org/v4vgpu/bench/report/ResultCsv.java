package org.v4vgpu.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.v4vgpu.bench.result.Ratio;
import org.v4vgpu.bench.result.Result;

/** Results as CSV, as RFC 4180 has it, with the names of the JSON. Safe for any thread. */
final class ResultCsv {
    private static final String HEADER =
            "benchmark,kind,transport,bytes,pairs,p50_ns,p99_ns,mb_per_s,allocated_bytes,resident_bytes,turns,"
                    + "vs_tcp,vs_tcp_low,vs_tcp_high,vs_bridge,vs_bridge_low,vs_bridge_high\r\n";

    private ResultCsv() {}

    static String format(List<Result> results) {
        return HEADER + results.stream().map(result -> line(result, results)).collect(Collectors.joining());
    }

    private static String line(Result result, List<Result> all) {
        Stream<String> fields = Stream.of(
                quoted(result.benchmark()),
                quoted(result.kind()),
                quoted(result.transport()),
                Long.toString(result.bytes()),
                Integer.toString(result.pairs()),
                Long.toString(result.p50Nanos()),
                Long.toString(result.p99Nanos()),
                result.megabytesPerSecond() == 0 ? "" : number(result.megabytesPerSecond()),
                result.allocatedBytes() < 0 ? "" : number(result.allocatedBytes()),
                result.residentBytes() < 0 ? "" : Long.toString(result.residentBytes()),
                Integer.toString(result.turns().count()),
                ratio(result.tcpRatioAmong(all)),
                ratio(result.bridgeRatioAmong(all)));
        return fields.collect(Collectors.joining(",")) + "\r\n";
    }

    private static String ratio(Optional<Ratio> ratio) {
        return ratio.map(r -> number(r.value()) + "," + number(r.low()) + "," + number(r.high()))
                .orElse(",,");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }

    private static String quoted(String text) {
        return text.matches("[\\w .-]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
