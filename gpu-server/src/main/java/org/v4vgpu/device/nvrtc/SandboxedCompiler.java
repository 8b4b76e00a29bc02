package org.v4vgpu.device.nvrtc;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.nvrtc.Compilation.Result;
import org.v4vgpu.proto.Limits;

/** A compiler that runs in a sandbox, and what its programs may take there. Immutable, safe for any thread. */
abstract sealed class SandboxedCompiler implements ProgramCompiler permits NvccCompiler, NvrtcCompiler, ClangCompiler {
    final Sandbox sandbox;

    private final String name;
    private final CompilerVersion version;

    SandboxedCompiler(String name, CompilerVersion version, Sandbox sandbox) {
        this.name = name;
        this.version = version;
        this.sandbox = sandbox;
    }

    /** What one run may take. @param memoryBytes address space of each of its processes */
    static Sandbox.Limits limits(long memoryBytes) {
        return new Sandbox.Limits(
                Duration.ofSeconds(30),
                memoryBytes,
                64L << 20,
                Limits.MAXIMUM_COMPILED_BYTES / 2,
                Limits.MAXIMUM_COMPILER_LOG_BYTES);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final int majorVersion() {
        return version.major();
    }

    @Override
    public final int minorVersion() {
        return version.minor();
    }

    @Override
    public final List<Integer> architectures() {
        return version.architectures();
    }

    @Override
    public final @Nullable String unavailabilityCause() {
        return sandbox.unavailabilityCause();
    }

    @Override
    public final Compilation compile(Program program) throws DeviceException, InterruptedException {
        ensureAvailability();
        try {
            return compile(program, ProgramText.of(program));
        } catch (InvalidProgramException e) {
            return e.compilation();
        }
    }

    /** Compiles what has been checked as far as no compiler is needed for that. */
    abstract Compilation compile(Program program, ProgramText text)
            throws InvalidProgramException, DeviceException, InterruptedException;

    /** What has become of a program whose compiler writes PTX to its output. @param log what the program's owner is told */
    static Compilation compiled(Sandbox.Result answer, String log, NameExpressions expressions) {
        Compilation stopped = stopped(answer, log);
        if (stopped != null) {
            return stopped;
        }
        if (answer.exit() != 0) {
            return Compilation.failed(
                    Result.COMPILATION, log.isBlank() ? "the compiler ended with " + answer.exit() + "\n" : log);
        }
        return expressions.resolve(new String(answer.output(), StandardCharsets.UTF_8), log);
    }

    /** The compilation of a run that was stopped; null if it came to its end. @param log what the program's owner is told before */
    static @Nullable Compilation stopped(Sandbox.Result answer, String log) {
        return answer.stopped() == null
                ? null
                : Compilation.failed(Result.COMPILATION, log + "the compiler was stopped: " + answer.stopped() + "\n");
    }
}
