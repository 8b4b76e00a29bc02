package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MainTest {
    private final StringWriter error = new StringWriter();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"latency", "hardware"})
    void refusesWhatIsNotBuiltAndNamesWhatIs(String name) {
        assertEquals(2, run("rpc", name));
        assertTrue(
                error.toString()
                        .startsWith("benchmarks/run: no benchmark is called '" + name
                                + "'; there are pingpong, bandwidth, allocation, rpc, memcpy, launch, matmul, stencil, aggregate, trace, sessions,"
                                + " software, soak, report"),
                error::toString);
    }

    @Test
    void comparesStoredResultsAndExitsByTheOutcome() throws IOException {
        Path before = stored("before.json", 1000);
        assertEquals(0, run("--from", stored("same.json", 1000).toString(), "--compare", before.toString()));
        assertEquals(4, run("--from", stored("slow.json", 1500).toString(), "--compare", before.toString()));
        assertEquals(
                0,
                run(
                        "--from", directory.resolve("slow.json").toString(),
                        "--compare", before.toString(),
                        "--tolerance", "60"));
    }

    @Test
    void writesAReportOnStoredResults() throws IOException {
        Path out = directory.resolve("report");
        assertEquals(0, run("report", "--from", stored("a.json", 1000).toString(), "--out", out.toString()));
        assertTrue(Files.readString(out.resolve("report.html")).contains("A call without payload, and launches"));
    }

    @Test
    void refusesBeforeItMeasuresWhatItCanNotReadOrWrite() throws IOException {
        assertEquals(2, run("--compare", directory.resolve("missing.json").toString()));
        assertTrue(error.toString().startsWith("benchmarks/run: --compare: can't read "), error::toString);
        assertEquals(2, run("--json", directory.resolve("missing/out.json").toString()));
        assertTrue(error.toString().contains("cannot write --json "), error::toString);
    }

    private Path stored(String name, int nanos) throws IOException {
        String results = """
                {"machine":{"cpus":2},"skipped":[],"results":[{"benchmark":"rpc","transport":"v4v","bytes":0,"pairs":1,
                "p50_ns":%1$d,"p99_ns":%1$d,"mb_per_s":0.0,"turns_ns":[%1$d,%1$d,%1$d]}]}
                """.formatted(nanos);
        return Files.writeString(directory.resolve(name), results);
    }

    private int run(String... arguments) {
        return Main.commandLine(arguments).setErr(new PrintWriter(error, true)).execute(arguments);
    }
}
