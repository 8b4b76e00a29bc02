package org.v4vgpu.bench.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** How measurements start and end a process: without what a user may have set for other programs. Stateless, safe for any thread. */
public final class ChildProcess {
    private static final long END_SECONDS = 4;

    /** Processes here are to be as they are by default. The fabric is the launcher's. */
    private static final Set<String> OTHERS_VARIABLES = Set.of(
            "V4VGPU_DOMAIN",
            "V4VGPU_SERVER",
            "V4VGPU_WAIT",
            "V4VGPU_IVSHMEM",
            "V4VGPU_HYPERVISOR",
            "V4VGPU_JAVA_OPTIONS");

    private ChildProcess() {}

    /** Starts it; what it writes to standard error is added to the log. */
    public static Process start(List<String> command, Path log) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeAll(OTHERS_VARIABLES);
        return builder.start();
    }

    /** Asks it to end, and makes it end if it does not within seconds. An interrupt makes that at once, and stays. */
    public static void end(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
