package org.v4vgpu.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes results as JSON, with the machine that they are from. Safe for any thread. */
final class ResultJson {
    private ResultJson() {}

    static void write(Map<String, Object> machine, List<Result> results, Path file) throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("machine", machine);
        document.put("results", results.stream().map(ResultJson::object).toList());
        JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).write(document, file.toFile());
    }

    private static Map<String, Object> object(Result result) {
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
        return object;
    }
}
