package org.v4vgpu.device.nvrtc;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.nvrtc.Compilation.Result;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;

/**
 * Compiles with libnvrtc, in a sandbox: a JVM there loads the library. Immutable, safe for any thread.
 *
 * <p>A library in the server itself would be faster by the start of a JVM, and would read any file of the server for whoever asks.
 */
final class NvrtcCompiler extends SandboxedCompiler {
    private static final String LIBRARY_DIRECTORY = "/nvrtc";
    private static final String INCLUDE_DIRECTORY = "/cuda/include";
    private static final String JAVA = "/java";
    private static final String CLASSES = "/classes";
    private static final List<String> NAMES =
            List.of("libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2");

    /** The JVM reserves more address space than it uses. */
    private static final Sandbox.Limits LIMITS = limits(8L << 30);

    private final Path library;

    private NvrtcCompiler(Path library, Sandbox sandbox, CompilerVersion version) {
        super("nvrtc " + version, version, sandbox);
        this.library = library;
    }

    /**
     * The compiler in a library. Takes the start of a JVM.
     *
     * @throws IOException if it is no libnvrtc, saying why
     */
    static NvrtcCompiler of(Path library, Sandbox sandbox) throws IOException, DeviceException, InterruptedException {
        Path real = library.toRealPath();
        NvrtcCompiler unasked = new NvrtcCompiler(real, sandbox, new CompilerVersion(0, 0, List.of()));
        Sandbox.Result answer = unasked.work(Map.of());
        if (answer.exit() != 0) {
            throw new IOException(lastLine(answer.log()));
        }
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(answer.output()))) {
            return new NvrtcCompiler(real, sandbox, NvrtcWorker.readVersion(in));
        }
    }

    /** Where CUDA's installers and distributions put it, and where CUDA_HOME and CUDA_PATH say; null if it is not there. */
    static @Nullable Path find() {
        return Stream.of(
                        Toolkit.roots()
                                .flatMap(root -> Stream.of("lib64", "targets/x86_64-linux/lib", "lib")
                                        .map(root::resolve)),
                        Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
                                .map(Path::of))
                .flatMap(directories -> directories)
                .flatMap(directory -> NAMES.stream().map(directory::resolve))
                .filter(Files::isReadable)
                .findFirst()
                .orElse(null);
    }

    @Override
    Compilation compile(Program program, ProgramText text) throws DeviceException, InterruptedException {
        List<String> options = new ArrayList<>(text.options().arguments());
        if (includes(library) != null) {
            options.add("--include-path=" + INCLUDE_DIRECTORY);
        }
        Program checked = new Program(
                program.name().replaceAll("\\p{Cntrl}", "?"),
                text.text(),
                program.headers(),
                options,
                program.nameExpressions());
        Sandbox.Result answer = work(NvrtcFiles.of(checked));
        Compilation stopped = stopped(answer, "");
        if (stopped != null) {
            return stopped;
        }
        if (answer.exit() != 0) {
            return Compilation.failed(Result.COMPILATION, "the compiler broke off: " + lastLine(answer.log()) + "\n");
        }
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(answer.output()))) {
            return NvrtcWorker.readCompilation(in, Limits.MAXIMUM_COMPILER_LOG_BYTES);
        } catch (IOException e) {
            return Compilation.failed(Result.INTERNAL_ERROR, "the compiler's answer is none: " + e.getMessage() + "\n");
        }
    }

    private Sandbox.Result work(Map<String, String> files) throws DeviceException, InterruptedException {
        Path classes = classes();
        boolean isJar = Files.isRegularFile(classes);
        Map<Path, String> shown = shown(library, classes);
        List<String> command = new ArrayList<>(List.of(
                "env",
                // Without /proc a program can't ask where it is, and so not find what lies beside it.
                "LD_LIBRARY_PATH=" + JAVA + "/lib:" + LIBRARY_DIRECTORY,
                JAVA + "/bin/java",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-XX:-UseContainerSupport",
                "-cp",
                isJar ? CLASSES + "/" + classes.getFileName() : CLASSES,
                NvrtcWorker.class.getName(),
                LIBRARY_DIRECTORY + "/" + library.getFileName()));
        if (!files.isEmpty()) {
            command.add("/program");
        }
        return sandbox.run(command, shown, files, LIMITS);
    }

    /** What a sandbox has to show, and where. Files of the library and of our classes singly: what lies beside them is the server's. */
    static Map<Path, String> shown(Path library, Path classes) throws DeviceException {
        Map<Path, String> shown = new LinkedHashMap<>();
        for (Path file : librariesBeside(library)) {
            shown.put(file, LIBRARY_DIRECTORY + "/" + file.getFileName());
        }
        for (String part : List.of("bin", "lib")) {
            shown.put(Path.of(System.getProperty("java.home"), part), JAVA + "/" + part);
        }
        shown.put(classes, Files.isRegularFile(classes) ? CLASSES + "/" + classes.getFileName() : CLASSES);
        Path includes = includes(library);
        if (includes != null) {
            shown.put(includes, INCLUDE_DIRECTORY);
        }
        return shown;
    }

    /** The library, and libnvrtc-builtins, which it loads by a name with a version. */
    private static List<Path> librariesBeside(Path library) throws DeviceException {
        List<Path> libraries = new ArrayList<>(List.of(library));
        try (Stream<Path> files = Files.list(library.toAbsolutePath().getParent())) {
            files.filter(file -> file.getFileName().toString().matches("libnvrtc-builtins[\\w.-]*\\.so[\\d.]*"))
                    .filter(Files::isRegularFile)
                    .forEach(libraries::add);
        } catch (IOException e) {
            throw new DeviceException(CudaStatus.OPERATING_SYSTEM, "can't look beside " + library + ": " + e, e);
        }
        return libraries;
    }

    /** CUDA's headers, where the library is part of a toolkit. */
    private static @Nullable Path includes(Path library) {
        for (Path above = library.getParent(); above != null; above = above.getParent()) {
            Path includes = above.resolve("include");
            if (Files.exists(includes.resolve("cuda_fp16.h"))) {
                return includes;
            }
        }
        return null;
    }

    private static Path classes() {
        try {
            return Path.of(NvrtcWorker.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String lastLine(String log) {
        return log.lines()
                .filter(line -> line.startsWith("Exception") || line.startsWith("Caused"))
                .reduce((first, second) -> second)
                .orElse(log.isBlank() ? "it says nothing" : log.strip());
    }
}
