package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultJson;
import org.v4vgpu.bench.result.Run;

/** What the command says of itself, and what it does with its files where something fails. */
@Timeout(120)
final class MainFilesTest {
    private static final String LOG = "v4vgpu.bench.log";
    private static final String ROOT = "v4vgpu.root";
    private static final Path FULL = Path.of("/dev/full");

    private final StringWriter output = new StringWriter();
    private final StringWriter error = new StringWriter();

    @TempDir
    private Path directory;

    @Test
    void helpNamesEveryExperimentThatThereIs() {
        assertEquals(0, run("--help"));
        String help = output.toString().replaceAll("\\s+", " ");
        assertTrue(
                help.contains(
                        "Without a name it runs all of: pingpong, bandwidth, allocation, rpc, memcpy, launch, matmul, stencil,"
                                + " aggregate, trace, sessions, software, soak. With --quick only if named: soak. With the name report"),
                help);
    }

    @Test
    void usageNamesEveryOptionThatIsNotHidden() {
        assertEquals(2, run("latency"));
        String usage = error.toString().replaceAll("\\s+", " ");
        for (String option :
                new String[] {"--minutes=MINUTES", "--json=FILE", "--quick", "--out=DIRECTORY", "[NAME...]"}) {
            assertTrue(usage.contains(option), usage);
        }
        assertFalse(usage.contains("--smoke"), usage);
    }

    @Test
    void keepsWhatWasMeasuredBeforeSomethingFailed() throws Exception {
        Path json = directory.resolve("out.json");
        // There is no gpu-server/run below an empty directory, and tracing needs none. On a thread that may be bound to
        // a processor.
        FutureTask<Integer> measuring =
                new FutureTask<>(() -> run("trace", "sessions", "--smoke", "--json", json.toString()));
        System.setProperty(LOG, directory.resolve("log").toString());
        System.setProperty(ROOT, directory.toString());
        try {
            Thread.ofPlatform().start(measuring);
            assertEquals(3, measuring.get(), error::toString);
        } finally {
            System.clearProperty(LOG);
            System.clearProperty(ROOT);
        }
        assertTrue(
                error.toString().startsWith("benchmarks/run: what was measured before is in " + json), error::toString);
        Run kept = ResultJson.read(json);
        assertFalse(kept.results().isEmpty());
        assertTrue(kept.results().stream().map(Result::benchmark).allMatch("trace"::equals), kept::toString);
        assertTrue(
                kept.skipped().stream().anyMatch(line -> line.startsWith("sessions and what follows it: ")),
                kept::toString);
    }

    @Test
    void aFileThatCanNotBeWrittenIsAFailure() throws IOException {
        assumeTrue(Files.exists(FULL));
        assertEquals(1, run("--from", stored().toString(), "--json", FULL.toString()));
        assertTrue(error.toString().startsWith("benchmarks/run: cannot write --json /dev/full: "), error::toString);
    }

    @Test
    void refusesBeforeItMeasuresADirectoryThatCanNotBe() throws IOException {
        Path below = stored().resolve("report");
        assertEquals(2, run("report", "--out", below.toString()));
        assertTrue(
                error.toString()
                        .startsWith("benchmarks/run: cannot write the report: " + below.getParent()
                                + " is no directory to write to"),
                error::toString);
        assertEquals(2, run("rpc", "--json", directory.toString()));
        assertTrue(
                error.toString().contains("cannot write --json " + directory + ": it is no file to write to"),
                error::toString);
    }

    private Path stored() throws IOException {
        return Files.writeString(directory.resolve("stored.json"), """
                {"machine":{"cpus":2},"skipped":[],"results":[{"benchmark":"rpc","transport":"v4v","bytes":0,"pairs":1,
                "p50_ns":1000,"p99_ns":1000,"mb_per_s":0.0,"turns_ns":[1000,1000,1000]}]}
                """);
    }

    private int run(String... arguments) {
        return Main.commandLine(arguments)
                .setOut(new PrintWriter(output, true))
                .setErr(new PrintWriter(error, true))
                .execute(arguments);
    }
}
