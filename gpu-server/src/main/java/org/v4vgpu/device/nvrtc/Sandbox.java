package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * Runs a program of this machine on what strangers have written, in Linux namespaces of its own: it sees the system's programs,
 * libraries and headers and the files and directories that it is given, all read-only, and a small file system in memory; no network, no other
 * process, no rights. It is killed with its descendants when it exceeds its limits, when the caller is interrupted, and when this
 * process dies. Immutable, safe for any thread.
 *
 * <p>The work is done by the tools of util-linux: {@code sandbox.sh} in {@code unshare}. Source: user_namespaces(7),
 * pid_namespaces(7), pivot_root(2), prctl(2) PR_SET_PDEATHSIG.
 */
final class Sandbox {
    private static final List<String> TOOLS =
            List.of("sh", "unshare", "setpriv", "prlimit", "mount", "umount", "pivot_root", "env", "cat");

    private static final List<Path> TOOL_DIRECTORIES =
            List.of(Path.of("/usr/bin"), Path.of("/bin"), Path.of("/usr/sbin"), Path.of("/sbin"));

    private static final Duration PROBE_TIME = Duration.ofSeconds(10);

    private final @Nullable String cause;

    /**
     * What a run may take.
     *
     * @param time until it is killed, by the clock
     * @param memoryBytes address space of each of its processes
     * @param diskBytes its file system in memory
     * @param outputBytes of its standard output
     * @param logBytes of its standard error; what is longer is cut
     */
    record Limits(Duration time, long memoryBytes, long diskBytes, int outputBytes, int logBytes) {}

    /** How a run ended. {@code stopped} says why it was killed, null if it was not. */
    @SuppressWarnings("ArrayRecordComponent") // read once, never compared
    record Result(
            int exit, byte[] output, String log, @Nullable String stopped) {}

    private Sandbox(@Nullable String cause) {
        this.cause = cause;
    }

    /** Tries whether this machine has what a sandbox takes. */
    static Sandbox probe() throws InterruptedException {
        String missing =
                TOOLS.stream().filter(tool -> find(tool) == null).findFirst().orElse(null);
        if (missing != null) {
            return new Sandbox("no sandbox for compilers: " + missing + " is missing; install util-linux");
        }
        Sandbox sandbox = new Sandbox(null);
        String why;
        try {
            Limits limits = new Limits(PROBE_TIME, 1L << 30, 1 << 20, 4096, 4096);
            Result result =
                    sandbox.run(List.of("sh", "-c", "test ! -e /etc/passwd && echo shut"), Map.of(), Map.of(), limits);
            if (new String(result.output(), StandardCharsets.UTF_8).strip().equals("shut")) {
                return sandbox;
            }
            why = result.log().lines().findFirst().orElse("it ended with " + result.exit());
        } catch (DeviceException e) {
            why = String.valueOf(e.getMessage());
        }
        return new Sandbox("no sandbox for compilers, which takes user namespaces: " + why);
    }

    /** Why there is no sandbox, null if there is. */
    @Nullable
    String unavailabilityCause() {
        return cause;
    }

    /**
     * Runs a command until its end.
     *
     * @param shown files and directories of this machine, and where the command sees them
     * @param files by name, which the command sees in {@code /program}
     * @throws DeviceException OPERATING_SYSTEM if it can't be run
     */
    Result run(List<String> command, Map<Path, String> shown, Map<String, String> files, Limits limits)
            throws DeviceException, InterruptedException {
        if (cause != null) {
            throw new DeviceException(CudaStatus.NOT_SUPPORTED, cause);
        }
        try (SandboxDirectory directory = SandboxDirectory.create(files)) {
            ProcessBuilder builder = new ProcessBuilder(arguments(directory, command, shown, limits));
            builder.redirectInput(
                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
            builder.environment().clear();
            builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
            return SandboxedProcess.run(builder, limits);
        } catch (IOException e) {
            throw new DeviceException(CudaStatus.OPERATING_SYSTEM, "can't run a compiler: " + e, e);
        }
    }

    private static List<String> arguments(
            SandboxDirectory directory, List<String> command, Map<Path, String> shown, Limits limits) {
        List<String> arguments = new ArrayList<>(List.of(
                tool("setpriv"),
                "--pdeathsig",
                "KILL",
                "--",
                tool("unshare"),
                "--user",
                "--map-root-user",
                "--mount",
                "--pid",
                "--net",
                "--ipc",
                "--fork",
                "--kill-child"));
        arguments.addAll(List.of(tool("sh"), "-c", Script.TEXT, "sandbox"));
        arguments.addAll(List.of(directory.root().toString(), Long.toString(limits.diskBytes())));
        arguments.addAll(List.of(directory.program().toString(), "/program"));
        shown.forEach((from, to) -> arguments.addAll(List.of(from.toString(), to)));
        arguments.addAll(List.of(
                "--",
                "--as=" + limits.memoryBytes(),
                "--cpu=" + (limits.time().toSeconds() + 1),
                "--fsize=" + limits.diskBytes(),
                "--nproc=1024",
                "--nofile=256",
                "--core=0",
                "--"));
        arguments.addAll(command);
        return arguments;
    }

    private static String tool(String name) {
        Path found = find(name);
        return found == null ? name : found.toString();
    }

    private static @Nullable Path find(String name) {
        return TOOL_DIRECTORIES.stream()
                .map(directory -> directory.resolve(name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    /** In a class of its own, so that it is read once and when it is needed. */
    private static final class Script {
        static final String TEXT = read();

        private Script() {}

        private static String read() {
            try (InputStream in = Sandbox.class.getResourceAsStream("sandbox.sh")) {
                if (in == null) {
                    throw new IllegalStateException("sandbox.sh is missing in this build");
                }
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
