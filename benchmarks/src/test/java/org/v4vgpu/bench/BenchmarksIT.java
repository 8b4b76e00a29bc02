package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with all that it starts. What the figures are is not for a test to say. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class BenchmarksIT {
    @TempDir
    private Path directory;

    @Test
    void measuresEveryTransportOfEveryBenchmark() throws Exception {
        Path json = directory.resolve("out.json");
        assertEquals(0, run("--quick", "--json", json.toString()), this::output);
        Map<String, Object> document = JSON.std.mapFrom(Files.readString(json));
        TreeSet<String> measured = new TreeSet<>();
        for (Object result : (List<?>) Objects.requireNonNull(document.get("results"))) {
            Map<?, ?> fields = (Map<?, ?>) result;
            measured.add(fields.get("benchmark") + " " + fields.get("transport"));
            long median = ((Number) Objects.requireNonNull(fields.get("p50_ns"))).longValue();
            long tail = ((Number) Objects.requireNonNull(fields.get("p99_ns"))).longValue();
            assertTrue(median > 0 && tail >= median, fields::toString);
        }
        assertEquals(
                List.of(
                        "bandwidth tcp",
                        "bandwidth tcp-netty",
                        "bandwidth v4v",
                        "memcpy local",
                        "memcpy tcp-netty",
                        "memcpy v4v",
                        "pingpong tcp",
                        "pingpong tcp-netty",
                        "pingpong v4v",
                        "rpc tcp-netty",
                        "rpc v4v"),
                List.copyOf(measured));
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
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .redirectInput(new File("/dev/null"))
                .start();
        assertTrue(process.waitFor(150, TimeUnit.SECONDS), "the benchmarks hang");
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
