package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ordinary JCuda programs and a server, as processes, with the agent and with the drop-in jar, over V4V and TCP. */
@Timeout(120)
final class JCudaProgramsIT {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final Path AGENT = TARGET.resolve("v4vgpu-agent.jar");
    private static final Path DROP_IN = TARGET.resolve("v4vgpu-jcuda.jar");
    private static final Path PROGRAMS = TARGET.resolve("test-classes");
    private static final String PACKAGE = "org.v4vgpu.client.programs.";
    private static final String KERNELS = TestServer.KERNELS.toAbsolutePath().toString();

    private static ServerProcess server;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void startServer() throws IOException {
        server = new ServerProcess();
    }

    @AfterAll
    static void stopServer() throws IOException {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({"agent,v4v", "agent,tcp", "drop-in,v4v", "drop-in,tcp"})
    void aDriverProgramRunsUnchanged(String form, String transport) throws Exception {
        Result result = run(form, server.address(transport), "VectorAddDriver", KERNELS + "/vecadd.ptx", "1000003");
        assertEquals("vecadd of 1000003 elements: right", result.output(), result::toString);
        assertEquals(0, result.exit(), result::toString);
        assertNoNativeLibraryWasExtracted();
    }

    @ParameterizedTest
    @CsvSource({"agent,v4v", "agent,tcp", "drop-in,v4v", "drop-in,tcp"})
    void aRuntimeProgramRunsUnchanged(String form, String transport) throws Exception {
        Result result = run(form, server.address(transport), "VectorAddRuntime", KERNELS + "/vecadd.ptx", "100000");
        assertTrue(result.output().endsWith("right, timed"), result::toString);
        assertEquals(0, result.exit(), result::toString);
        assertNoNativeLibraryWasExtracted();
    }

    @ParameterizedTest
    @CsvSource({"agent,v4v", "drop-in,tcp"})
    void everyCallAnswersAsItShould(String form, String transport) throws Exception {
        Result result = run(form, server.address(transport), "JCudaCalls", KERNELS);
        assertTrue(result.output().endsWith("all calls: right"), result::toString);
        assertTrue(result.errors().contains("cuMemAllocManaged is not supported by v4vgpu"), result::toString);
        assertTrue(
                result.errors().contains("ModuleGetFunction: no kernel nothing; the module has [devfunc]"),
                result::toString);
    }

    @Test
    void everyCallAnswersTheSameWhenEachWaits() throws Exception {
        ProcessBuilder builder = builder("agent", server.address("v4v"), "JCudaCalls", KERNELS);
        builder.environment().put("CUDA_LAUNCH_BLOCKING", "1");
        Result result = run(builder);
        assertTrue(result.output().endsWith("all calls: right"), result::toString);
    }

    @Test
    void anUnreachableServerIsNamed() throws Exception {
        Result result = run("agent", "v4v://77:9", "VectorAddDriver", KERNELS + "/vecadd.ptx", "10");
        assertEquals(1, result.exit(), result::toString);
        assertTrue(result.errors().contains("v4v://77:9"), result::toString);
        assertTrue(result.errors().contains("CUDA_ERROR_DEVICE_UNAVAILABLE"), result::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v4v", "tcp"})
    void aKilledServerIsNoticedWithinASecond(String transport) throws Exception {
        try (ServerProcess victim = new ServerProcess()) {
            ProcessBuilder builder = builder("agent", victim.address(transport), "SpinForever");
            victim.prepare(builder);
            Process program = builder.redirectErrorStream(true).start();
            try {
                BufferedReader lines = program.inputReader();
                assertEquals("spinning", lines.readLine());
                victim.kill();
                long killed = System.nanoTime();
                List<String> rest = lines.lines().toList();
                assertTrue(System.nanoTime() - killed < 1_000_000_000L, "took too long: " + rest);
                assertTrue(rest.contains("cuCtxSynchronize: CUDA_ERROR_DEVICE_UNAVAILABLE"), rest::toString);
                assertTrue(rest.contains("later: CUDA_ERROR_DEVICE_UNAVAILABLE"), rest::toString);
                assertTrue(rest.toString().contains(victim.address(transport)), rest::toString);
            } finally {
                program.destroyForcibly();
            }
        }
    }

    @Test
    void theProgramsOwnProtobufIsLeftAlone() throws Exception {
        Path broken = Files.createDirectories(temporary.resolve("broken/com/google/protobuf"));
        Files.writeString(broken.resolve("CodedOutputStream.class"), "no class");
        Files.writeString(broken.resolve("GeneratedMessage.class"), "no class");
        ProcessBuilder builder =
                builder("agent", server.address("v4v"), "VectorAddDriver", KERNELS + "/vecadd.ptx", "1000");
        List<String> command = builder.command();
        int classPath = command.indexOf("-cp") + 1;
        command.set(classPath, temporary.resolve("broken") + File.pathSeparator + command.get(classPath));
        Result result = run(builder);
        assertEquals("vecadd of 1000 elements: right", result.output(), result::toString);
    }

    @Test
    void jcudaMayLiveInALoaderOfItsOwn() throws Exception {
        Path here = Files.createDirectories(temporary.resolve("system/org/v4vgpu/client/programs"));
        String runner = "InALoaderOfItsOwn.class";
        Files.copy(PROGRAMS.resolve("org/v4vgpu/client/programs").resolve(runner), here.resolve(runner));
        ProcessBuilder builder = new ProcessBuilder(
                java(),
                "--enable-native-access=ALL-UNNAMED",
                "-javaagent:" + AGENT + "=" + server.address("v4v"),
                "-cp",
                temporary.resolve("system").toString(),
                PACKAGE + "InALoaderOfItsOwn",
                realJCuda() + File.pathSeparator + PROGRAMS,
                PACKAGE + "VectorAddDriver",
                KERNELS + "/vecadd.ptx",
                "1000");
        Result result = run(builder);
        assertEquals("vecadd of 1000 elements: right", result.output(), result::toString);
    }

    @Test
    void theDropInKeepsJCudasLicenceAndModuleName() throws IOException {
        try (JarFile jar = new JarFile(DROP_IN.toFile())) {
            assertEquals("jcuda", jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"));
            String licence = new String(
                    jar.getInputStream(jar.getEntry("META-INF/licenses/jcuda.txt"))
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
            assertTrue(licence.contains("Copyright (c) 2009-2015 Marco Hutter"), licence);
            assertTrue(licence.contains("The above copyright notice and this permission notice"), licence);
        }
    }

    private void assertNoNativeLibraryWasExtracted() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            assertFalse(files.anyMatch(file -> file.getFileName().toString().startsWith("lib")));
        }
    }

    private Result run(String form, String address, String program, String... arguments) throws Exception {
        return run(builder(form, address, program, arguments));
    }

    private Result run(ProcessBuilder builder) throws Exception {
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

    private ProcessBuilder builder(String form, String address, String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                java(), "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + temporary));
        if (form.equals("agent")) {
            command.addAll(
                    List.of("-javaagent:" + AGENT + "=" + address, "-cp", PROGRAMS + File.pathSeparator + realJCuda()));
        } else {
            command.addAll(List.of("-Dv4vgpu.server=" + address, "-cp", PROGRAMS + File.pathSeparator + DROP_IN));
        }
        command.add(PACKAGE + program);
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The jar that the programs were compiled against. */
    private static String realJCuda() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> Path.of(entry).getFileName().toString().matches("jcuda-[0-9.]+\\.jar"))
                .findFirst()
                .orElseThrow();
    }

    private record Result(int exit, String output, String errors) {}
}
