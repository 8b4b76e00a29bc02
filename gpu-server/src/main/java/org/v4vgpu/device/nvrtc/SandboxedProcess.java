package org.v4vgpu.device.nvrtc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Waits for a process, with limits on its time and on what it writes. For one thread; the process lives no longer than the call. */
final class SandboxedProcess {
    private static final int CHUNK_BYTES = 16 * 1024;

    private final Process process;
    private final AtomicReference<@Nullable String> stopped = new AtomicReference<>();

    private SandboxedProcess(Process process) {
        this.process = process;
    }

    static Sandbox.Result run(ProcessBuilder builder, Sandbox.Limits limits) throws IOException, InterruptedException {
        // By this thread, which stays until the end: its death would be taken for that of this process.
        SandboxedProcess run = new SandboxedProcess(builder.start());
        return run.await(limits);
    }

    private Sandbox.Result await(Sandbox.Limits limits) throws InterruptedException {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        Thread outputReader =
                Thread.startVirtualThread(() -> read(process.getInputStream(), output, limits.outputBytes(), true));
        Thread logReader =
                Thread.startVirtualThread(() -> read(process.getErrorStream(), log, limits.logBytes(), false));
        try {
            if (!process.waitFor(limits.time().toMillis(), TimeUnit.MILLISECONDS)) {
                stop("it took more than " + limits.time().toSeconds() + " s");
                process.waitFor();
            }
            outputReader.join();
            logReader.join();
        } finally {
            process.destroyForcibly();
        }
        return new Sandbox.Result(
                process.exitValue(), output.toByteArray(), log.toString(StandardCharsets.UTF_8), stopped.get());
    }

    private void stop(String why) {
        stopped.compareAndSet(null, why);
        process.destroyForcibly();
    }

    /** Reads to the end; what exceeds the maximum is dropped, or stops the process. */
    private void read(InputStream in, ByteArrayOutputStream to, int maximum, boolean isFatal) {
        byte[] chunk = new byte[CHUNK_BYTES];
        try (in) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                int taken = Math.min(count, maximum - to.size());
                to.write(chunk, 0, taken);
                if (taken < count && isFatal) {
                    stop("it wrote more than " + maximum + " bytes");
                }
            }
        } catch (IOException e) {
            stop("its output broke off: " + e.getMessage());
        }
    }
}
