package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An installed CUDA toolkit with nvcc. Immutable.
 *
 * @param root the directory that {@code bin/nvcc} is in
 * @param version of its nvcc
 */
record Toolkit(Path root, CompilerVersion version) {
    private static final Pattern VERSION = Pattern.compile("release (\\d+)\\.(\\d+)");
    private static final Pattern HERE = Pattern.compile("(?m)^#\\$ _HERE_=(.+)$");
    private static final Pattern ARCHITECTURE = Pattern.compile("compute_(\\d+)\\b");
    private static final Pattern NAME = Pattern.compile("cuda-(\\d{1,2})\\.(\\d{1,2})");
    private static final List<String> PARTS = List.of("bin", "include", "lib", "lib64", "nvvm", "targets");
    private static final Duration ANSWER_TIME = Duration.ofSeconds(10);
    private static final int ANSWER_BYTES = 1 << 20;

    /** The toolkit that an nvcc belongs to: nvcc itself tells where it is, as it may be a link or a script. */
    static Toolkit of(Path nvcc) throws IOException, InterruptedException {
        Matcher here = HERE.matcher(ask(nvcc.toString(), "--dryrun", "-ptx", "-x", "cu", "/dev/null"));
        if (!here.find()) {
            throw new IOException(nvcc + " does not say where it is");
        }
        Path root = Path.of(here.group(1)).toRealPath().resolve("..").normalize();
        String own = root.resolve("bin").resolve("nvcc").toString();
        Matcher version = VERSION.matcher(ask(own, "--version"));
        if (!version.find()) {
            throw new IOException(nvcc + " does not say its version");
        }
        List<Integer> architectures = new ArrayList<>();
        Matcher each = ARCHITECTURE.matcher(ask(own, "--list-gpu-arch"));
        while (each.find()) {
            architectures.add(Integer.parseInt(each.group(1)));
        }
        return new Toolkit(
                root,
                new CompilerVersion(
                        Integer.parseInt(version.group(1)),
                        Integer.parseInt(version.group(2)),
                        architectures.stream().sorted().toList()));
    }

    /** The nvcc that this process would run, or that is where CUDA's installers put it. */
    static @Nullable Path findNvcc() {
        return SearchPath.find(
                List.of("nvcc"),
                roots().map(root -> root.resolve("bin").toString()).toArray(String[]::new));
    }

    /** Where toolkits may be: where CUDA_HOME and CUDA_PATH say, and CUDA's installers put them, the newest first. */
    static Stream<Path> roots() {
        List<Path> roots = new ArrayList<>();
        for (String name : List.of("CUDA_HOME", "CUDA_PATH")) {
            String value = System.getenv().getOrDefault(name, "");
            if (value.startsWith("/")) {
                roots.add(Path.of(value));
            }
        }
        roots.add(Path.of("/usr/local/cuda"));
        try (Stream<Path> installed = Files.list(Path.of("/usr/local"))) {
            installed
                    .filter(path -> path.getFileName().toString().startsWith("cuda-"))
                    .sorted(Comparator.comparingInt(Toolkit::versionInName).reversed())
                    .forEach(roots::add);
        } catch (IOException e) {
            // Where none can be listed there is none.
        }
        return roots.stream();
    }

    /** 1208 of cuda-12.8, 0 of what is named otherwise. */
    private static int versionInName(Path root) {
        Matcher version = NAME.matcher(root.getFileName().toString());
        return version.matches() ? 100 * Integer.parseInt(version.group(1)) + Integer.parseInt(version.group(2)) : 0;
    }

    /** What a sandbox shows of it: what nvcc uses, and no more of what may lie beside it in /usr or /opt. */
    Map<Path, String> shownIn(String place) {
        Map<Path, String> shown = new LinkedHashMap<>();
        for (String part : PARTS) {
            if (Files.isDirectory(root.resolve(part))) {
                shown.put(root.resolve(part), place + "/" + part);
            }
        }
        return shown;
    }

    /** What a command says, on either stream. @throws IOException if it can't be run, or has not ended in time */
    static String ask(String... command) throws IOException, InterruptedException {
        return ask(ANSWER_TIME, command);
    }

    /** As {@link #ask(String...)}, within a time. */
    static String ask(Duration time, String... command) throws IOException, InterruptedException {
        // Into a file: reading a pipe would wait for all that hold its other end, which may be more than the command.
        Path answer = Files.createTempFile("v4vgpu-answer", "");
        try {
            await(
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectInput(Path.of("/dev/null").toFile())
                            .redirectOutput(answer.toFile())
                            .start(),
                    time,
                    command[0]);
            try (InputStream in = Files.newInputStream(answer)) {
                return new String(in.readNBytes(ANSWER_BYTES), StandardCharsets.UTF_8);
            }
        } finally {
            Files.delete(answer);
        }
    }

    private static void await(Process process, Duration time, String name) throws IOException, InterruptedException {
        boolean ended = false;
        try {
            ended = process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            if (!ended) { // in time, or before this thread was interrupted
                List<ProcessHandle> started = process.descendants().toList();
                process.destroyForcibly();
                started.forEach(ProcessHandle::destroyForcibly);
            }
        }
        if (!ended) {
            throw new IOException(name + " does not end");
        }
    }
}
