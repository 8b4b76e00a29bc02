package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Which compiler a server has for its clients' programs. Immutable.
 *
 * @param path of nvcc; null for the one that is found
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
        Path nvcc = path != null ? path : Toolkit.findNvcc();
        if (nvcc == null || !Files.isExecutable(nvcc)) {
            return new MissingCompiler("the server has no "
                    + (path != null ? path : "nvcc")
                    + " to compile programs with: install CUDA's toolkit there, or give it PTX");
        }
        try {
            return new NvccCompiler(Toolkit.of(nvcc), Sandbox.probe());
        } catch (IOException e) {
            return new MissingCompiler("the server can't use " + nvcc + ": " + e.getMessage());
        }
    }
}
