package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * Which compiler a server has for its clients' programs. Immutable.
 *
 * @param path of libnvrtc, nvcc or clang; null for what is found
 * @param kind what is looked for, if there is no path
 */
public record CompilerChoice(@Nullable Path path, Kind kind) {
    /** What there is on this machine. */
    public static final CompilerChoice AUTO = new CompilerChoice(null, Kind.ANY);

    public static final CompilerChoice NONE = new CompilerChoice(null, Kind.NONE);

    /** What to look for. */
    public enum Kind {
        ANY,
        NVRTC,
        NVCC,
        CLANG,
        NONE
    }

    /** Reads {@code auto}, {@code none}, {@code nvrtc}, {@code nvcc}, {@code clang} or a path, whose name tells the kind. */
    public static CompilerChoice parse(String text) {
        return switch (text) {
            case "auto" -> AUTO;
            case "none" -> NONE;
            case "nvrtc" -> new CompilerChoice(null, Kind.NVRTC);
            case "nvcc" -> new CompilerChoice(null, Kind.NVCC);
            case "clang" -> new CompilerChoice(null, Kind.CLANG);
            default -> of(Path.of(text));
        };
    }

    private static CompilerChoice of(Path path) {
        String name = path.getFileName() == null ? "" : path.getFileName().toString();
        return new CompilerChoice(
                path, name.contains(".so") ? Kind.NVRTC : name.contains("clang") ? Kind.CLANG : Kind.NVCC);
    }

    /** Looks for the compiler and tries whether it can be run in a sandbox. Takes a moment. */
    ProgramCompiler find() throws InterruptedException {
        if (kind == Kind.NONE) {
            return new MissingCompiler("this server compiles no programs (--compiler none): give it PTX");
        }
        Path library = found(Kind.NVRTC);
        Path nvcc = found(Kind.NVCC);
        Path clang = found(Kind.CLANG);
        Path used = library != null ? library : nvcc != null ? nvcc : clang;
        if (used == null) {
            return new MissingCompiler("the server has no " + wanted()
                    + " to compile programs with: install CUDA's toolkit or clang there, or give it PTX");
        }
        Sandbox sandbox = Sandbox.probe();
        if (sandbox.unavailabilityCause() != null) {
            return new MissingCompiler(String.valueOf(sandbox.unavailabilityCause()));
        }
        try {
            if (used.equals(library)) {
                return NvrtcCompiler.of(library, sandbox);
            }
            return used.equals(nvcc)
                    ? new NvccCompiler(Toolkit.of(nvcc), sandbox)
                    : new ClangCompiler(Clang.of(used), sandbox);
        } catch (IOException | DeviceException e) {
            return new MissingCompiler("the server can't use " + used + ": " + e.getMessage());
        }
    }

    private @Nullable Path found(Kind wanted) {
        if (kind != Kind.ANY && kind != wanted) {
            return null;
        }
        if (path != null) {
            boolean isThere = wanted == Kind.NVRTC ? Files.isReadable(path) : Files.isExecutable(path);
            return isThere ? path : null;
        }
        return switch (wanted) {
            case NVRTC -> NvrtcCompiler.find();
            case NVCC -> Toolkit.findNvcc();
            case CLANG -> Clang.find();
            case ANY, NONE -> null;
        };
    }

    private String wanted() {
        if (path != null) {
            return path.toString();
        }
        return switch (kind) {
            case NVRTC -> "libnvrtc";
            case NVCC -> "nvcc";
            case CLANG -> "clang";
            case ANY, NONE -> "libnvrtc, nvcc or clang";
        };
    }
}
