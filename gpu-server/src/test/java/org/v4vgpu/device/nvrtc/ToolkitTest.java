package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** How compilers are asked what they are. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class ToolkitTest {
    @Test
    void hearsBothStreams(@TempDir Path directory) throws Exception {
        Path compiler = script(directory, "echo release 12.8; echo for $1 >&2");
        assertEquals("release 12.8\nfor --version\n", Toolkit.ask(compiler.toString(), "--version"));
    }

    @Test
    void aCompilerThatHangsIsEndedWithWhatItStarted(@TempDir Path directory) throws Exception {
        String seconds = "86397." + ProcessHandle.current().pid();
        Path compiler = script(directory, "echo release 12.8; sleep " + seconds + " & sleep " + seconds);
        IOException hangs = assertThrows(
                IOException.class, () -> Toolkit.ask(Duration.ofMillis(300), compiler.toString(), "--version"));
        assertEquals(compiler + " does not end", hangs.getMessage());
        long begin = System.nanoTime();
        while (ProcessHandle.allProcesses().anyMatch(process -> sleeps(process, seconds))) {
            assertTrue(System.nanoTime() - begin < 20_000_000_000L, "still there: sleep " + seconds);
            Thread.onSpinWait();
        }
    }

    @Test
    void whatACompilerLeavesBehindIsNotWaitedFor(@TempDir Path directory) throws Exception {
        String seconds = "86396." + ProcessHandle.current().pid();
        Path compiler = script(directory, "sleep " + seconds + " & echo release 12.8");
        try {
            assertEquals("release 12.8\n", Toolkit.ask(compiler.toString(), "--version"));
        } finally {
            ProcessHandle.allProcesses()
                    .filter(process -> sleeps(process, seconds))
                    .forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static Path script(Path directory, String text) throws IOException {
        Path script = Files.writeString(directory.resolve("nvcc"), "#!/bin/sh\n" + text + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private static boolean sleeps(ProcessHandle process, String seconds) {
        return process.info().arguments().map(List::of).orElse(List.of()).equals(List.of(seconds));
    }
}
