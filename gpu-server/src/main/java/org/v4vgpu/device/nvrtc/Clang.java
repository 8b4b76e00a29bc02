package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An installed clang that compiles for NVIDIA's GPUs. Immutable.
 *
 * @param program the real file
 * @param resources where its own headers are
 * @param targets names of the architectures that it knows: sm_75, sm_90a
 */
record Clang(Path program, Path resources, int majorVersion, int minorVersion, List<String> targets) {
    /** What a sandbox shows anyway. */
    private static final List<Path> VISIBLE = List.of(Path.of("/usr/bin"), Path.of("/usr/lib"), Path.of("/usr/lib64"));

    private static final String ELSEWHERE = "/clang";

    private static final List<String> LIBRARY_DIRECTORIES = List.of("lib", "lib64");

    /** libclang-cpp.so.19.1, libLLVM.so.19.1, libLLVM-15.so.1. */
    private static final Pattern LIBRARY = Pattern.compile("lib(clang|LLVM).*\\.so[.\\d]*");

    private static final Pattern VERSION = Pattern.compile("clang version (\\d+)\\.(\\d+)");
    private static final Pattern TARGET = Pattern.compile("(?m)^\\s*(sm_(\\d+)[a-z]?)\\s*$");
    private static final int OLDEST_TARGET = 50;
    private static final int NEWEST_NAME = 29;
    private static final int OLDEST_NAME = 14;

    /** @throws IOException if it is no clang, or none for NVPTX, saying so */
    static Clang of(Path clang) throws IOException, InterruptedException {
        Path program = clang.toRealPath();
        Matcher version = VERSION.matcher(Toolkit.ask(program.toString(), "--version"));
        if (!version.find()) {
            throw new IOException(clang + " does not say a version of clang");
        }
        List<String> targets = new ArrayList<>();
        Matcher each = TARGET.matcher(Toolkit.ask(program.toString(), "--target=nvptx64", "-print-supported-cpus"));
        while (each.find()) {
            if (Integer.parseInt(each.group(2)) >= OLDEST_TARGET) {
                targets.add(each.group(1));
            }
        }
        if (targets.isEmpty()) {
            throw new IOException(clang + " is built without NVPTX");
        }
        return new Clang(
                program,
                Path.of(Toolkit.ask(program.toString(), "-print-resource-dir").strip()),
                Integer.parseInt(version.group(1)),
                Integer.parseInt(version.group(2)),
                List.copyOf(targets));
    }

    /** The clang that this process would run, with or without a version in its name; the newest of those with one. */
    static @Nullable Path find() {
        return SearchPath.find(Stream.concat(
                        Stream.of("clang"),
                        IntStream.iterate(NEWEST_NAME, version -> version >= OLDEST_NAME, version -> version - 1)
                                .mapToObj(version -> "clang-" + version))
                .toList());
    }

    /**
     * What a sandbox has to show besides the system's programs and libraries, and where: the program, its headers and the libraries that
     * LLVM's builds put beside it, and nothing else of what may lie there.
     */
    Map<Path, String> shown() throws IOException {
        Map<Path, String> shown = new LinkedHashMap<>();
        if (!isVisible()) {
            List<Path> parts = new ArrayList<>(List.of(program, resources));
            for (String name : LIBRARY_DIRECTORIES) {
                parts.addAll(libraries(root().resolve(name)));
            }
            parts.forEach(part -> shown.put(part, inSandbox(part)));
        }
        return shown;
    }

    private static List<Path> libraries(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file ->
                            LIBRARY.matcher(file.getFileName().toString()).matches())
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    /** Where a file of clang's is in the sandbox. */
    String inSandbox(Path file) {
        Path root = root();
        return isVisible() || !file.startsWith(root) ? file.toString() : ELSEWHERE + "/" + root.relativize(file);
    }

    private boolean isVisible() {
        return VISIBLE.stream().anyMatch(program::startsWith);
    }

    /** The directory that {@code bin} is in. */
    private Path root() {
        return program.resolve("../..").normalize();
    }
}
