package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
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

    /** Looks for a compiler that works, in a sandbox; of several the first of libnvrtc, nvcc and clang. Takes a moment. */
    ProgramCompiler find() throws InterruptedException {
        if (kind == Kind.NONE) {
            return new MissingCompiler("this server compiles no programs (--compiler none): give it PTX");
        }
        List<Found> all = Stream.of(Kind.NVRTC, Kind.NVCC, Kind.CLANG)
                .flatMap(each -> Stream.ofNullable(found(each)).map(program -> new Found(each, program)))
                .toList();
        if (all.isEmpty()) {
            return new MissingCompiler("the server has no " + wanted()
                    + " to compile programs with: install CUDA's toolkit or clang there, or give it PTX");
        }
        Sandbox sandbox = Sandbox.probe();
        if (sandbox.unavailabilityCause() != null) {
            return new MissingCompiler(String.valueOf(sandbox.unavailabilityCause()));
        }
        return firstThatWorks(all, sandbox);
    }

    /** The first one that can be used, else why none can. */
    static ProgramCompiler firstThatWorks(List<Found> all, Sandbox sandbox) throws InterruptedException {
        List<String> reasons = new ArrayList<>();
        for (Found each : all) {
            try {
                return each.open(sandbox);
            } catch (IOException | DeviceException e) {
                reasons.add(each.program() + ": " + e.getMessage());
            }
        }
        return new MissingCompiler("the server can't use " + String.join("; ", reasons));
    }

    /** A compiler that is there, which does not mean that it works. */
    record Found(Kind kind, Path program) {
        ProgramCompiler open(Sandbox sandbox) throws IOException, DeviceException, InterruptedException {
            return switch (kind) {
                case NVRTC -> NvrtcCompiler.of(program, sandbox);
                case NVCC -> new NvccCompiler(Toolkit.of(program), sandbox);
                case CLANG -> new ClangCompiler(Clang.of(program), sandbox);
                case ANY, NONE -> throw new IllegalStateException(kind + " is no compiler");
            };
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
