package org.v4vgpu.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
            result("v4v", 65536, 20_000),
            result("tcp-netty", 65536, 80_000),
            result("tcp", 65536, 60_000),
            result("tcp-bridge", 65536, 100_000),
            result("tcp", 64, 10_000));

    @TempDir
    private Path directory;

    @Test
    void comparesWithTheFastestTcpOfTheSameSize() {
        List<String> lines = ResultTable.format(RESULTS).lines().toList();
        assertEquals(6, lines.size());
        assertEquals(
                "pingpong               v4v                   64 KiB        20.00        20.00       3277  3.00x [2.88, 3.12]",
                lines.get(1));
        assertTrue(lines.get(2).endsWith(" 819"), "TCP has no ratio to itself: " + lines.get(2));
        assertTrue(lines.get(4).endsWith("0.60x [0.58, 0.62]"), lines.get(4));
        assertTrue(lines.get(5).contains(" 64 "), lines.get(5));
    }

    @Test
    void holdsCallsAgainstTheChannelOverTcpAndMessagesAgainstSockets() {
        Result call = result("v4v", 0, 1_000);
        Result channel = result("tcp-channel", 0, 2_000);
        Result sockets = result("tcp", 0, 4_000);
        Result bridge = result("tcp-bridge-channel", 0, 8_000);
        List<Result> calls = List.of(call, channel, bridge);
        assertEquals(channel, call.tcpAmong(calls).orElseThrow());
        assertEquals(bridge, call.bridgeAmong(calls).orElseThrow());
        assertEquals(sockets, call.tcpAmong(List.of(call, channel, sockets)).orElseThrow());
        Result netty = result("tcp-netty", 0, 3_000);
        assertEquals(channel, call.tcpAmong(List.of(call, channel, netty)).orElseThrow());
        assertEquals(
                netty, call.tcpAmong(List.of(call, channel, netty, sockets)).orElseThrow());
        assertTrue(channel.tcpAmong(List.of(channel, sockets)).isEmpty());
    }

    @Test
    void kernelsAreHeldAgainstLoopsAndPocl() throws IOException {
        List<Result> kernels =
                List.of(result("local", 64, 2_000), result("java", 64, 1_000), result("pocl", 64, 8_000));
        List<String> lines = ResultTable.format(kernels).lines().toList();
        assertTrue(lines.getFirst().endsWith("times as fast as Java, PoCL"), lines.getFirst());
        assertTrue(lines.get(1).endsWith("0.50x [0.48, 0.52], 4.00x [3.85, 4.16]"), lines.get(1));
        assertTrue(lines.get(3).endsWith(" 8"), lines.get(3));
        Path file = directory.resolve("kernels.json");
        ResultJson.write(new Run(Map.of(), List.of(), kernels), false, file);
        String json = Files.readString(file);
        assertEquals(2, json.split("\"vs_pocl\"", -1).length, json);
    }

    @Test
    void writesTheFieldsThatAreFixed() throws IOException {
        Path file = directory.resolve("out.json");
        ResultJson.write(new Run(Map.of("cpus", 2), List.of("tcp-bridge: no root"), RESULTS), true, file);
        Map<String, Object> document = JSON.std.mapFrom(Files.readString(file));
        assertEquals(Map.of("cpus", 2), document.get("machine"));
        List<?> results = (List<?>) Objects.requireNonNull(document.get("results"));
        assertEquals(5, results.size());
        assertEquals(
                Map.of(
                        "benchmark",
                        "pingpong",
                        "transport",
                        "v4v",
                        "bytes",
                        65536,
                        "pairs",
                        1,
                        "p50_ns",
                        20_000,
                        "p99_ns",
                        20_000,
                        "mb_per_s",
                        3276.8,
                        "vs_tcp",
                        Map.of("transport", "tcp", "times_as_fast", 3.0, "low", 3 / 1.04, "high", 3 * 1.04),
                        "vs_bridge",
                        Map.of("transport", "tcp-bridge", "times_as_fast", 5.0, "low", 5 / 1.04, "high", 5 * 1.04),
                        "turns_ns",
                        List.of(20_000, 20_000)),
                without((Map<?, ?>) results.getFirst(), "samples_ns"));
        assertEquals(
                List.of(List.of(20_000, 20_000, 20_000), List.of(20_000, 20_000, 20_000)),
                ((Map<?, ?>) results.getFirst()).get("samples_ns"));
    }

    @Test
    void readsWhatItWroteCompressedToo() throws IOException {
        Path file = directory.resolve("out.json.gz");
        Run run = new Run(Map.of("cpus", 2), List.of("tcp-bridge: no root"), RESULTS);
        ResultJson.write(run, true, file);
        Run read = ResultJson.read(file);
        assertEquals(run.machine(), read.machine());
        assertEquals(run.skipped(), read.skipped());
        assertEquals(ResultTable.format(RESULTS), ResultTable.format(read.results()));
        assertTrue(Files.size(file) < 1000, "compressed");
    }

    @Test
    void saysWhichFileIsNone() throws IOException {
        Path file = Files.writeString(directory.resolve("other.json"), "{\"results\":[{\"benchmark\":1}]}");
        IOException refused = assertThrows(IOException.class, () -> ResultJson.read(file));
        assertEquals(
                file + " holds no results of this program: expected a number as p50_ns, not null",
                refused.getMessage());
        IOException missing = assertThrows(IOException.class, () -> ResultJson.read(directory.resolve("missing.json")));
        assertTrue(String.valueOf(missing.getMessage()).startsWith("can't read "), missing::getMessage);
    }

    private static Map<?, ?> without(Map<?, ?> map, String name) {
        return map.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(name))
                .collect(java.util.stream.Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Result result(String transport, long bytes, long nanos) {
        Turns turns = new Turns();
        for (int turn = 0; turn < 2; turn++) {
            Samples samples = new Samples();
            for (int i = 0; i < 3; i++) {
                samples.add(nanos);
            }
            turns.add(samples);
        }
        return Result.ofTransfer("pingpong", "", transport, bytes, turns);
    }
}
