package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    private static final long ANSWER_SECONDS = 10;

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
        return SearchPath.find(List.of("nvcc"), "/usr/local/cuda/bin");
    }

    /** What a command says, on either stream. */
    static String ask(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        try {
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(command[0] + " does not end");
            }
            return answer;
        } finally {
            process.destroyForcibly();
        }
    }
}
