package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ResultTableTest {
    private static final List<Result> RESULTS = List.of(
            new Result("pingpong", "", "v4v", 65536, 1, 20_000, 30_000, 6553.6),
            new Result("pingpong", "", "tcp-netty", 65536, 1, 80_000, 90_000, 1638.4),
            new Result("pingpong", "", "tcp", 65536, 1, 60_000, 90_000, 2184.5),
            new Result("pingpong", "", "tcp", 64, 1, 10_000, 20_000, 12.8));

    @Test
    void comparesWithTheFasterTcpOfTheSameSize() {
        List<String> lines = ResultTable.format(RESULTS).lines().toList();
        assertEquals(5, lines.size());
        assertEquals(
                "pingpong         v4v            64 KiB        20.00        30.00       6554      3.00x", lines.get(1));
        assertTrue(lines.get(2).endsWith(" 1638"), "TCP has no ratio to itself");
        assertTrue(lines.get(4).contains(" 64 "), lines.get(4));
    }

    @Test
    void writesTheFieldsThatAreFixed(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("out.json");
        ResultJson.write(Map.of("cpus", 2), RESULTS, file);
        Map<String, Object> document = JSON.std.mapFrom(Files.readString(file));
        assertEquals(Map.of("cpus", 2), document.get("machine"));
        List<?> results = (List<?>) Objects.requireNonNull(document.get("results"));
        assertEquals(4, results.size());
        assertEquals(
                Map.of(
                        "benchmark", "pingpong",
                        "transport", "v4v",
                        "bytes", 65536,
                        "pairs", 1,
                        "p50_ns", 20_000,
                        "p99_ns", 30_000,
                        "mb_per_s", 6553.6),
                results.getFirst());
    }
}
