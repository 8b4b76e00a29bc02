package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with all that it starts. What the figures are is not for a test to say. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
final class BenchmarksIT {
    @TempDir
    private Path directory;

    /** Of each benchmark, the transports that need no rights. */
    private static final Map<String, Set<String>> MEASURED = Map.ofEntries(
            Map.entry(
                    "pingpong", Set.of("v4v", "v4v-netty", "tcp-channel", "tcp-netty", "tcp", "uds", "aeron", "local")),
            Map.entry(
                    "bandwidth",
                    Set.of("v4v", "v4v-netty", "tcp-channel", "tcp-netty", "tcp", "uds", "aeron", "local")),
            Map.entry("aggregate", Set.of("v4v", "v4v-netty", "tcp", "tcp-netty", "uds", "local")),
            Map.entry("rpc", Set.of("v4v", "v4v-netty", "tcp-channel", "tcp-netty")),
            Map.entry("launch", Set.of("v4v", "v4v-netty", "v4v-jcuda", "tcp-channel", "tcp-netty", "local")),
            Map.entry("memcpy", Set.of("v4v", "v4v-netty", "tcp-channel", "tcp-netty", "local")),
            Map.entry("matmul", Set.of("v4v", "v4v-netty", "tcp-channel", "tcp-netty", "local")),
            Map.entry("stencil", Set.of("v4v", "v4v-netty", "tcp-channel", "tcp-netty", "local")),
            Map.entry(
                    "allocation",
                    Set.of(
                            "v4v",
                            "v4v-netty",
                            "v4v-jcuda",
                            "tcp-channel",
                            "tcp-netty",
                            "tcp",
                            "uds",
                            "aeron",
                            "local")),
            Map.entry("trace", Set.of("v4v")),
            Map.entry("sessions", Set.of("v4v", "tcp-channel")),
            Map.entry("soak", Set.of("v4v")),
            Map.entry("software", Set.of("local", "java")));

    @Test
    void measuresEveryTransportOfEveryBenchmarkAndReports() throws Exception {
        Path json = directory.resolve("out.json");
        Path report = directory.resolve("report");
        assertEquals(0, run("report", "--smoke", "--json", json.toString(), "--out", report.toString()), this::output);
        Map<String, Object> document = JSON.std.mapFrom(Files.readString(json));
        Map<String, Set<String>> measured = new TreeMap<>();
        for (Object result : (List<?>) Objects.requireNonNull(document.get("results"))) {
            Map<?, ?> fields = (Map<?, ?>) result;
            String transport = String.valueOf(fields.get("transport"));
            if (!transport.startsWith("tcp-bridge") && !transport.equals("pocl")) { // where the machine has them
                measured.computeIfAbsent(String.valueOf(fields.get("benchmark")), _ -> new HashSet<>())
                        .add(transport);
            }
            long median = ((Number) Objects.requireNonNull(fields.get("p50_ns"))).longValue();
            long tail = ((Number) Objects.requireNonNull(fields.get("p99_ns"))).longValue();
            assertTrue(median > 0 && tail >= median, fields::toString);
            assertFalse(((List<?>) Objects.requireNonNull(fields.get("samples_ns"))).isEmpty(), fields::toString);
        }
        assertEquals(MEASURED, measured);
        String page = Files.readString(report.resolve("report.html"));
        assertTrue(page.contains("Left out") || page.contains("tcp-bridge"), "bridge or the reason why not");
        assertFalse(output().contains(" INFO "), this::output);
        String own = output().lines()
                .filter(line -> line.startsWith("report: "))
                .findFirst()
                .orElse("none");
        assertEquals("report: " + report.resolve("report.html"), own);
    }

    @Test
    void refusesAnUnknownName() throws Exception {
        assertEquals(2, run("latency"), this::output);
        assertTrue(output().startsWith("benchmarks/run: no benchmark is called 'latency'"), this::output);
    }

    private int run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(
                Path.of("..", "benchmarks", "run").toAbsolutePath().normalize().toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .redirectInput(new File("/dev/null"));
        builder.environment()
                .putAll(Map.of(
                        "V4VGPU_WAIT",
                        "none such",
                        "V4VGPU_IVSHMEM",
                        "/none/such",
                        "V4VGPU_HYPERVISOR",
                        "none such")); // unheeded
        Process process = builder.start();
        assertTrue(process.waitFor(500, TimeUnit.SECONDS), "the benchmarks hang");
        return process.exitValue();
    }

    private String output() {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
