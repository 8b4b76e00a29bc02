package org.v4vgpu.stencil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What can be said without starting a process. */
final class MainTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fft                               | unknown workload 'fft'; use matmul, stencil or all",
                "matmul --size 0                   | --size 0 is not positive",
                "matmul --size -5                  | --size -5 is not positive",
                "matmul --size many                | 'many' is not an int",
                "stencil --iterations 0            | --iterations 0 is not positive",
                "matmul --iterations 3             | --iterations, --picture and --input are for the stencil",
                "stencil --input x.png --size 64   | --size and --input exclude each other",
                "matmul --server nonsense          | --server 'nonsense' is no address",
                "matmul --gpu                      | Unknown option: '--gpu'",
                "matmul stencil                    | Unmatched argument at index 1: 'stencil'",
            })
    void refusesWrongUsageWithOneLineAndTheUsage(String arguments, String message) {
        Outcome outcome = execute(arguments.split(" +", -1));
        assertEquals(2, outcome.exitCode);
        String[] lines = outcome.error.split("\n", -1);
        assertTrue(lines[0].startsWith("stencil-demo/run: ") && lines[0].contains(message), outcome.error);
        assertTrue(lines[1].startsWith("Usage: stencil-demo/run"), outcome.error);
    }

    @Test
    void refusesAnInputThatIsNoPicture() throws IOException {
        Path file = Files.writeString(directory.resolve("text.png"), "no picture");
        assertRefused(" is no picture; --input takes a PNG", "stencil", "--input", file.toString());
        assertRefused("no file ", "stencil", "--input", file + "x");
    }

    @Test
    void refusesOutputsThatCannotBeWritten() {
        Path nowhere = directory.resolve("nowhere").resolve("out.json");
        assertRefused("cannot write --json " + nowhere + ": there is no such directory", "--json", nowhere.toString());
        assertRefused("cannot write --picture " + directory + ": it is a directory", "--picture", directory.toString());
        assertFalse(Files.exists(nowhere));
    }

    private static void assertRefused(String message, String... arguments) {
        Outcome outcome = execute(arguments);
        assertEquals(2, outcome.exitCode);
        assertTrue(outcome.error.contains(message), outcome.error);
        assertEquals(1, outcome.error.lines().count(), outcome.error);
    }

    private record Outcome(int exitCode, String error) {}

    private static Outcome execute(String... arguments) {
        StringWriter error = new StringWriter();
        CommandLine line = Main.commandLine().setErr(new PrintWriter(error, true));
        int exitCode = line.execute(arguments);
        return new Outcome(exitCode, error.toString());
    }
}
