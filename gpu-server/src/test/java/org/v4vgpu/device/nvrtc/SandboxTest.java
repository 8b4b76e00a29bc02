package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.device.DeviceException;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class SandboxTest {
    private static final Sandbox.Limits LIMITS =
            new Sandbox.Limits(Duration.ofSeconds(20), 1L << 30, 8 << 20, 4096, 4096);

    private static Sandbox sandbox;

    @BeforeAll
    static void probe() throws InterruptedException {
        sandbox = Sandbox.probe();
        assumeTrue(sandbox.unavailabilityCause() == null, sandbox.unavailabilityCause());
    }

    @Test
    void showsWhatItIsGivenAndNothingElse(@TempDir Path shown, @TempDir Path hidden) throws Exception {
        Files.writeString(shown.resolve("here"), "yes");
        Files.writeString(hidden.resolve("secret"), "no");
        Sandbox.Result result = sandbox.run(
                List.of(
                        "sh",
                        "-c",
                        "cat /given/here /program/own " + hidden + "/secret /etc/passwd; ls / /tmp; cat /proc/1/maps"),
                Map.of(shown, "/given"),
                Map.of("own", "too\n"),
                LIMITS);
        assertEquals("yestoo", output(result).lines().findFirst().orElse(""));
        assertFalse(output(result).contains("root:"), output(result));
        assertFalse(output(result).contains("proc"), output(result));
        assertFalse(output(result).contains("home"), output(result));
        assertTrue(result.log().contains("secret: No such file"), result.log());
        assertTrue(result.log().contains("/etc/passwd: No such file"), result.log());
    }

    @Test
    void whatItShowsCannotBeChanged(@TempDir Path shown) throws Exception {
        Sandbox.Result result = sandbox.run(
                List.of(
                        "sh",
                        "-c",
                        "for f in /given/x /program/x /usr/bin/x /usr/lib/x; do touch $f && echo wrote $f; done;"
                                + " mount -o remount,rw /given && echo remounted; umount /given && echo unmounted;"
                                + " unshare --user true && echo nested; touch /tmp/mine && echo mine"),
                Map.of(shown, "/given"),
                Map.of(),
                LIMITS);
        assertEquals("mine", output(result).replace("nested\n", "").strip(), result.toString());
        assertFalse(Files.exists(shown.resolve("x")));
    }

    @Test
    void hasNoNetworkAndNoOtherProcess() throws Exception {
        long other = ProcessHandle.current().pid();
        Sandbox.Result result = sandbox.run(
                List.of(
                        "sh",
                        "-c",
                        "kill -0 " + other + " && echo sees; echo x > /dev/tcp/127.0.0.1/22 && echo net; echo $$"),
                Map.of(),
                Map.of(),
                LIMITS);
        assertEquals("1", output(result).strip(), result.toString());
    }

    @Test
    void endsWhatTakesTooLong() throws Exception {
        Sandbox.Limits second = new Sandbox.Limits(Duration.ofSeconds(1), 1L << 30, 1 << 20, 4096, 4096);
        String marker = "86399." + ProcessHandle.current().pid();
        Sandbox.Result result =
                sandbox.run(List.of("sh", "-c", "sleep " + marker + " & sleep " + marker), Map.of(), Map.of(), second);
        assertEquals("it took more than 1 s", result.stopped());
        assertGone(marker);
    }

    @Test
    void endsWhatWritesTooMuch() throws Exception {
        Sandbox.Result output =
                sandbox.run(List.of("sh", "-c", "while :; do echo 0123456789; done"), Map.of(), Map.of(), LIMITS);
        assertNotNull(output.stopped());
        assertEquals(4096, output.output().length);
        Sandbox.Result disk = sandbox.run(
                List.of(
                        "sh",
                        "-c",
                        "i=0; while [ $i -lt 20 ]; do head -c 1M /usr/bin/env > /tmp/$i; cat /tmp/* > /tmp/b$i || exit 9; i=$((i+1)); done"),
                Map.of(),
                Map.of(),
                LIMITS);
        assertNotEquals(0, disk.exit());
        Sandbox.Result log = sandbox.run(
                List.of("sh", "-c", "i=0; while [ $i -lt 999 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo end"),
                Map.of(),
                Map.of(),
                LIMITS);
        assertEquals(4096, log.log().length());
        assertEquals("end", output(log).strip());
    }

    @Test
    void anInterruptEndsAllOfIt() throws Exception {
        String marker = "86398." + ProcessHandle.current().pid();
        FutureTask<Sandbox.Result> task = new FutureTask<>(() ->
                sandbox.run(List.of("sh", "-c", "sleep " + marker + " & sleep " + marker), Map.of(), Map.of(), LIMITS));
        Thread thread = Thread.ofPlatform().start(task);
        while (ProcessHandle.allProcesses().noneMatch(process -> isRunning(process, marker))) {
            Thread.onSpinWait();
        }
        thread.interrupt();
        thread.join();
        assertGone(marker);
    }

    @Test
    void filesStayInTheirDirectory() {
        assertThrows(
                DeviceException.class, () -> sandbox.run(List.of("true"), Map.of(), Map.of("../outside", "x"), LIMITS));
    }

    /** Killed processes of a pid namespace are gone once their first one is. */
    private static void assertGone(String marker) {
        long start = System.nanoTime();
        while (ProcessHandle.allProcesses().anyMatch(process -> isRunning(process, marker))) {
            assertTrue(System.nanoTime() - start < 20_000_000_000L, "still there: sleep " + marker);
            Thread.onSpinWait();
        }
    }

    private static boolean isRunning(ProcessHandle process, String marker) {
        return process.info().arguments().map(List::of).orElse(List.of()).equals(List.of(marker));
    }

    private static String output(Sandbox.Result result) {
        return new String(result.output(), StandardCharsets.UTF_8);
    }
}
