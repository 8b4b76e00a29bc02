package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * Which compiler a server has for its clients' programs. Immutable.
 *
 * @param path of nvcc or libnvrtc; null for what is found
 * @param isWanted whether there is to be one at all
 */
public record CompilerChoice(@Nullable Path path, boolean isWanted) {
    /** What there is on this machine. */
    public static final CompilerChoice AUTO = new CompilerChoice(null, true);

    public static final CompilerChoice NONE = new CompilerChoice(null, false);

    /** Reads {@code auto}, {@code none} or a path. */
    public static CompilerChoice parse(String text) {
        return switch (text) {
            case "auto" -> AUTO;
            case "none" -> NONE;
            default -> new CompilerChoice(Path.of(text), true);
        };
    }

    /** Looks for the compiler and tries whether it can be run in a sandbox. Takes a moment. */
    ProgramCompiler find() throws InterruptedException {
        if (!isWanted) {
            return new MissingCompiler("this server compiles no programs (--compiler none): give it PTX");
        }
        Sandbox sandbox = Sandbox.probe();
        Path library = path == null ? NvrtcCompiler.find() : isLibrary(path) ? path : null;
        Path nvcc = path == null ? Toolkit.findNvcc() : path;
        try {
            if (library != null && Files.isReadable(library) && sandbox.unavailabilityCause() == null) {
                return NvrtcCompiler.of(library, sandbox);
            }
            if (nvcc != null && Files.isExecutable(nvcc) && !isLibrary(nvcc)) {
                return new NvccCompiler(Toolkit.of(nvcc), sandbox);
            }
        } catch (IOException | DeviceException e) {
            return new MissingCompiler(
                    "the server can't use " + (library != null ? library : nvcc) + ": " + e.getMessage());
        }
        if (library != null && sandbox.unavailabilityCause() != null) {
            return new MissingCompiler(String.valueOf(sandbox.unavailabilityCause()));
        }
        return new MissingCompiler("the server has no "
                + (path != null ? path : "nvcc and no libnvrtc")
                + " to compile programs with: install CUDA's toolkit there, or give it PTX");
    }

    private static boolean isLibrary(Path path) {
        return path.getFileName() != null && path.getFileName().toString().contains(".so");
    }
}
