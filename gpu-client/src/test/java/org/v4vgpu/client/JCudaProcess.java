package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A JCuda program as a process, with the agent and the real JCuda or with the drop-in jar. Its temporary directory is its own, so that
 * a native library that JCuda unpacks would be found there.
 */
final class JCudaProcess {
    static final Path TARGET = Path.of("target").toAbsolutePath();
    static final Path AGENT = TARGET.resolve("v4vgpu-agent.jar");
    static final Path DROP_IN = TARGET.resolve("v4vgpu-jcuda.jar");
    static final Path PROGRAMS = TARGET.resolve("test-classes");
    static final String PACKAGE = "org.v4vgpu.client.programs.";
    static final String KERNELS = TestServer.KERNELS.toAbsolutePath().toString();

    private final ServerProcess server;
    private final Path temporary;
    private final List<String> options = new ArrayList<>();
    private String jcuda = realJCuda();

    JCudaProcess(ServerProcess server, Path temporary) {
        this.server = server;
        this.temporary = temporary;
    }

    /** With another jar of JCuda than that of the build, or with more. */
    JCudaProcess withJCuda(Path... jars) {
        jcuda = String.join(
                File.pathSeparator, Stream.of(jars).map(Path::toString).toList());
        return this;
    }

    /** With a further option of the JVM. */
    JCudaProcess with(String option) {
        options.add(option);
        return this;
    }

    /** Runs a program of this module's tests: {@code agent} or {@code drop-in}, the server's address, its class and its arguments. */
    Result run(String form, String address, String program, String... arguments) throws Exception {
        return run(builder(form, address, PACKAGE + program, arguments));
    }

    Result run(ProcessBuilder builder) throws Exception {
        server.prepare(builder);
        Path errors = temporary.resolve("errors.txt");
        Process process = builder.redirectError(errors.toFile()).start();
        try {
            String output = String.join("\n", process.inputReader().lines().toList());
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            return new Result(process.exitValue(), output, Files.readString(errors));
        } finally {
            process.destroyForcibly();
        }
    }

    ProcessBuilder builder(String form, String address, String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                java(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + temporary));
        command.addAll(options);
        if (form.equals("agent")) {
            command.addAll(
                    List.of("-javaagent:" + AGENT + "=" + address, "-cp", PROGRAMS + File.pathSeparator + jcuda));
        } else {
            command.addAll(List.of("-Dv4vgpu.server=" + address, "-cp", PROGRAMS + File.pathSeparator + DROP_IN));
        }
        command.add(program);
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    void assertNoNativeLibraryWasExtracted() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            assertFalse(files.anyMatch(file -> file.getFileName().toString().startsWith("lib")));
        }
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The jar that the programs were compiled against. */
    static String realJCuda() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> Path.of(entry).getFileName().toString().matches("jcuda-[0-9.]+\\.jar"))
                .findFirst()
                .orElseThrow();
    }

    record Result(int exit, String output, String errors) {}
}
