package org.v4vgpu.bench.result;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A run as JSON: the machine, what was left out and why, the results with each turn's median and, where wanted, every sample. A file
 * whose name ends in {@code .gz} is compressed. Safe for any thread.
 */
public final class ResultJson {
    private ResultJson() {}

    /** Writes a run; {@code samples} says whether every sample, too. */
    public static void write(Run run, boolean samples, Path file) throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("machine", run.machine());
        document.put("skipped", run.skipped());
        List<Result> results = run.results();
        document.put(
                "results",
                results.stream().map(result -> object(result, results, samples)).toList());
        JSON json = samples ? JSON.std : JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);
        try (OutputStream out =
                isCompressed(file) ? new GZIPOutputStream(Files.newOutputStream(file)) : Files.newOutputStream(file)) {
            json.write(document, out);
        }
    }

    private static Map<String, Object> object(Result result, List<Result> all, boolean samples) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("benchmark", result.benchmark());
        if (!result.kind().isEmpty()) {
            object.put("kind", result.kind());
        }
        object.put("transport", result.transport());
        object.put("bytes", result.bytes());
        object.put("pairs", result.pairs());
        object.put("p50_ns", result.p50Nanos());
        object.put("p99_ns", result.p99Nanos());
        object.put("mb_per_s", result.megabytesPerSecond());
        if (result.allocatedBytes() >= 0) {
            object.put("allocated_bytes", result.allocatedBytes());
        }
        if (result.residentBytes() >= 0) {
            object.put("resident_bytes", result.residentBytes());
        }
        result.tcpAmong(all).ifPresent(tcp -> object.put("vs_tcp", ratio(result, tcp)));
        result.bridgeAmong(all).ifPresent(bridge -> object.put("vs_bridge", ratio(result, bridge)));
        result.javaAmong(all).ifPresent(loops -> object.put("vs_java", ratio(result, loops)));
        object.put("turns_ns", result.turns().medians());
        if (samples) {
            object.put("samples_ns", result.turns().samples());
        }
        return object;
    }

    private static Map<String, Object> ratio(Result result, Result other) {
        Ratio ratio = result.ratioTo(other);
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("transport", other.transport());
        object.put("times_as_fast", ratio.value());
        object.put("low", ratio.low());
        object.put("high", ratio.high());
        return object;
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException with one line that names the file and what is wrong with it
     */
    public static Run read(Path file) throws IOException {
        Map<String, Object> document;
        try (InputStream in =
                isCompressed(file) ? new GZIPInputStream(Files.newInputStream(file)) : Files.newInputStream(file)) {
            document = JSON.std.mapFrom(in);
        } catch (IOException e) {
            throw new IOException("can't read " + file + ": " + firstLine(e), e);
        }
        try {
            List<Result> results = new ArrayList<>();
            for (Object element : list(document.get("results"))) {
                results.add(result(map(element)));
            }
            Map<String, Object> machine = new LinkedHashMap<>();
            map(document.get("machine")).forEach((name, value) -> machine.put(String.valueOf(name), value));
            List<String> skipped = list(document.getOrDefault("skipped", List.of())).stream()
                    .map(String::valueOf)
                    .toList();
            return new Run(machine, skipped, results);
        } catch (RuntimeException e) {
            throw new IOException(file + " holds no results of this program: " + e.getMessage(), e);
        }
    }

    private static Result result(Map<?, ?> object) {
        List<Long> medians = object.get("turns_ns") == null
                ? List.of(number(object, "p50_ns").longValue())
                : list(object.get("turns_ns")).stream()
                        .map(value -> ((Number) value).longValue())
                        .toList();
        return new Result(
                text(object, "benchmark"),
                object.get("kind") == null ? "" : text(object, "kind"),
                text(object, "transport"),
                number(object, "bytes").longValue(),
                number(object, "pairs").intValue(),
                number(object, "p50_ns").longValue(),
                number(object, "p99_ns").longValue(),
                number(object, "mb_per_s").doubleValue(),
                object.get("allocated_bytes") == null
                        ? Result.NOT_COUNTED
                        : number(object, "allocated_bytes").doubleValue(),
                object.get("resident_bytes") == null
                        ? Result.NOT_COUNTED
                        : number(object, "resident_bytes").longValue(),
                Turns.ofMedians(medians));
    }

    private static Map<?, ?> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw refusal("an object", value);
    }

    private static List<?> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw refusal("an array", value);
    }

    private static String text(Map<?, ?> object, String name) {
        if (object.get(name) instanceof String text) {
            return text;
        }
        throw refusal("a text as " + name, object.get(name));
    }

    private static Number number(Map<?, ?> object, String name) {
        if (object.get(name) instanceof Number number) {
            return number;
        }
        throw refusal("a number as " + name, object.get(name));
    }

    private static IllegalArgumentException refusal(String wanted, @Nullable Object found) {
        return new IllegalArgumentException("expected " + wanted + ", not " + found);
    }

    private static boolean isCompressed(Path file) {
        return file.toString().endsWith(".gz");
    }

    private static String firstLine(IOException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
