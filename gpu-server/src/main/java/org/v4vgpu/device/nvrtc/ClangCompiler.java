package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.device.DeviceException;

/**
 * Compiles with clang, in a sandbox, and without CUDA's toolkit: what CUDA C++ has built in comes from {@link ClangHeaders}. Immutable,
 * safe for any thread.
 *
 * <p>clang is no NVRTC: a function without {@code __device__} is one of the host and left out, where NVRTC says that it has no place; of
 * CUDA's headers and of its mathematical functions there is what those headers have, and what is not there is undeclared.
 */
final class ClangCompiler extends SandboxedCompiler {
    private static final String HEADERS = "include/";
    private static final String OWN_HEADERS = "clang/";
    private static final String PROGRAM = "program.cu";

    /** CUDA's version whose language the headers have. */
    private static final int CUDA_MAJOR = 12;

    private static final int CUDA_MINOR = 0;

    private static final Sandbox.Limits LIMITS = limits(4L << 30);

    /** What it makes goes to standard output once it is whole. */
    private static final String COMPILE = "\"$@\" -o /tmp/ptx && exec cat /tmp/ptx";

    private final Clang clang;
    private final Map<Path, String> shown;

    /** @throws IOException if clang's files cannot be found */
    ClangCompiler(Clang clang, Sandbox sandbox) throws IOException {
        super(
                "clang " + clang.majorVersion() + "." + clang.minorVersion(),
                new CompilerVersion(CUDA_MAJOR, CUDA_MINOR, architectures(clang)),
                sandbox);
        this.clang = clang;
        this.shown = clang.shown();
    }

    private static List<Integer> architectures(Clang clang) {
        return clang.targets().stream()
                .map(target -> target.substring("sm_".length()))
                .filter(target -> target.chars().allMatch(Character::isDigit))
                .map(Integer::valueOf)
                .toList();
    }

    @Override
    Compilation compile(Program program, ProgramText text)
            throws InvalidProgramException, DeviceException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                COMPILE,
                "compile",
                clang.inSandbox(clang.program()),
                "-S",
                "-x",
                "cuda",
                "--cuda-device-only",
                "-nocudainc",
                "-nocudalib",
                "-nostdlibinc",
                "-fno-crash-diagnostics"));
        command.addAll(ClangArguments.of(text.options(), clang.targets()));
        command.addAll(List.of("-I", "/program/" + HEADERS));
        command.addAll(List.of("-isystem", "/program/" + OWN_HEADERS));
        command.addAll(List.of("-include", "/program/" + OWN_HEADERS + ClangHeaders.FIRST, "/program/" + PROGRAM));

        Map<String, String> files = new LinkedHashMap<>();
        files.put(PROGRAM, text.text() + text.nameExpressions().epilogue());
        files.put(HEADERS + ".directory", "");
        text.headers().forEach((name, content) -> files.put(HEADERS + name, content));
        ClangHeaders.all().forEach((name, content) -> files.put(OWN_HEADERS + name, content));

        Sandbox.Result result = sandbox.run(command, shown, files, LIMITS);
        String log = result.log()
                .replace("/program/" + PROGRAM, program.name())
                .replace("/program/" + HEADERS, "")
                .replace("/program/" + OWN_HEADERS, OWN_HEADERS)
                .replace(clang.inSandbox(clang.resources()), "clang");
        return compiled(result, log, text.nameExpressions());
    }
}
