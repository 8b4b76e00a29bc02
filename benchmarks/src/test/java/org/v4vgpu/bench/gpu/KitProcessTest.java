package org.v4vgpu.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that answers, ends, or does neither: the step goes on in each case. */
final class KitProcessTest {
    @TempDir
    private Path directory;

    @Test
    void readsAnswersAndTellsHowItEnded() throws Exception {
        try (KitProcess process = start("echo noise; echo 'ready one'; echo 'no GPU here' >&2; exit 7", 30)) {
            assertEquals("one", process.answer("ready"));
            StepException end = assertThrows(StepException.class, () -> process.answer("ready"));
            assertEquals("it ended with exit code 7: no GPU here", end.getMessage());
        }
    }

    @Test
    void waitsNoLongerThanItsStepHas() throws Exception {
        try (KitProcess process = start("read line", 0)) {
            StepException late = assertThrows(StepException.class, () -> process.answer("ready"));
            assertTrue(String.valueOf(late.getMessage()).contains("0 s"), late.getMessage());
        }
    }

    @Test
    void findsWhatItSaidAndNotWhatOthersSaidBefore() throws Exception {
        try (KitProcess process = start("echo 'old words' >&2", 30)) {
            assertEquals(0, process.exitCode());
        }
        try (KitProcess process = start("echo 'some new words, and more' >&2", 30)) {
            assertEquals(0, process.exitCode());
            assertEquals("some new words, and more", process.said("new words").orElse(""));
            assertTrue(process.said("old words").isEmpty());
        }
    }

    private KitProcess start(String script, long seconds) throws Exception {
        return new KitProcess("it", List.of("bash", "-c", script), directory.resolve("log"), Deadline.in(seconds));
    }
}
