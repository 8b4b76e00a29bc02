package org.v4vgpu.bench.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where things are in the bundle, and the commands that start its processes. Immutable.
 *
 * <pre>
 *   run  runtime/  lib/ (kit, server, client)  program/ (measured programs, JCuda)  native/ (JCuda's libraries)  test/  agent.jar
 * </pre>
 *
 * @param out where logs and results go
 */
record KitBundle(Path root, Path out) {
    /** The transport of a program on the GPU's own machine. */
    static final String NATIVE = "native";

    /** @throws StepException if something of the bundle is missing */
    void check() throws StepException {
        for (String part : List.of("lib", "program", "native", "test", "agent.jar")) {
            if (!Files.exists(root.resolve(part))) {
                throw new StepException("the bundle has no " + part + ": make it again with benchmarks/gpu/run");
            }
        }
    }

    /**
     * A server with the GPU, on a fabric of the kit's own.
     *
     * @param windowBytes of pinned memory that it maps of a client
     */
    List<String> server(long windowBytes) throws IOException {
        // As gpu-server/run starts it.
        return java(
                List.of("-XX:-DontCompileHugeMethods", "-XX:-OmitStackTraceInFastThrow"),
                classPath("lib"),
                "org.v4vgpu.server.ServerCommand",
                "--device",
                "cuda",
                "--until-input-ends",
                "--window-quota",
                Long.toString(windowBytes),
                "--listen",
                "v4v://1:4840",
                "--listen",
                "tcp://127.0.0.1:0");
    }

    /** A measured program: with JCuda's libraries, or with the agent if there is an address. */
    List<String> program(@Nullable String address, String mainClass, List<String> arguments) throws IOException {
        List<String> options = new ArrayList<>(List.of("-XX:MaxRAMPercentage=30"));
        String classPath = classPath("program");
        if (address == null) {
            classPath += ":" + classPath("native");
            options.add("-Djava.io.tmpdir=" + privateDirectory()); // JCuda unpacks its libraries there
        } else {
            options.add("-javaagent:" + root.resolve("agent.jar") + "=" + address);
        }
        return java(options, classPath, mainClass, arguments.toArray(String[]::new));
    }

    /** The tests of the CUDA device. */
    List<String> tests(String mainClass, String... arguments) throws IOException {
        return java(List.of("-ea"), classPath("test") + ":" + classPath("lib"), mainClass, arguments);
    }

    private String privateDirectory() throws IOException {
        return Files.createDirectories(out.resolve("tmp")).toString();
    }

    private static List<String> java(List<String> options, String classPath, String mainClass, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC"));
        String driver = System.getProperty("v4vgpu.cuda.library");
        if (driver != null) {
            command.add("-Dv4vgpu.cuda.library=" + driver);
        }
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, mainClass));
        command.addAll(List.of(arguments));
        return command;
    }

    private String classPath(String folder) throws IOException {
        try (Stream<Path> jars = Files.list(root.resolve(folder))) {
            return jars.map(Path::toString).sorted().collect(Collectors.joining(":"));
        }
    }
}
