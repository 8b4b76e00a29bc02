package org.v4vgpu.device.nvrtc;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.nvrtc.Compilation.Result;

/**
 * Compiles with nvcc, in a sandbox. Immutable, safe for any thread.
 *
 * <p>nvcc is no NVRTC: a function without {@code __device__} is one of the host and left out, where NVRTC says that it has no place,
 * and {@code __CUDACC_RTC__} is not defined.
 */
final class NvccCompiler extends SandboxedCompiler {
    private static final String TOOLKIT = "/cuda";
    private static final String HEADERS = "include/";
    private static final String PROGRAM = "program.cu";

    private static final Sandbox.Limits LIMITS = limits(4L << 30);

    /** What the compiler says goes to standard error, and what it makes to standard output once it is whole. */
    private static final String COMPILE = "\"$@\" -o /tmp/ptx >&2 && exec cat /tmp/ptx";

    private final Toolkit toolkit;

    NvccCompiler(Toolkit toolkit, Sandbox sandbox) {
        super("nvcc " + toolkit.version(), toolkit.version(), sandbox);
        this.toolkit = toolkit;
    }

    @Override
    Compilation compile(Program program, ProgramText text)
            throws InvalidProgramException, DeviceException, InterruptedException {
        if (text.options().has("--device-as-default-execution-space")) {
            throw new InvalidProgramException(
                    Result.INVALID_OPTION,
                    "option '-default-device': nvcc, which compiles here, has no such option; write __device__");
        }
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", COMPILE, "compile", TOOLKIT + "/bin/nvcc", "-ptx", "-x", "cu"));
        command.addAll(text.options().arguments());
        command.addAll(List.of("-I", "/program/" + HEADERS, "/program/" + PROGRAM));

        Map<String, String> files = new LinkedHashMap<>();
        files.put(PROGRAM, text.text() + text.nameExpressions().epilogue());
        files.put(HEADERS + ".directory", "");
        text.headers().forEach((name, content) -> files.put(HEADERS + name, content));

        Sandbox.Result result = sandbox.run(command, toolkit.shownIn(TOOLKIT), files, LIMITS);
        String log = result.log().replace("/program/" + PROGRAM, program.name()).replace("/program/" + HEADERS, "");
        return compiled(result, log, text.nameExpressions());
    }
}
