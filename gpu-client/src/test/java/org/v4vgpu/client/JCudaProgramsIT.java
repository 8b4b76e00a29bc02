package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.JCudaProcess.AGENT;
import static org.v4vgpu.client.JCudaProcess.DROP_IN;
import static org.v4vgpu.client.JCudaProcess.KERNELS;
import static org.v4vgpu.client.JCudaProcess.PACKAGE;
import static org.v4vgpu.client.JCudaProcess.PROGRAMS;
import static org.v4vgpu.client.JCudaProcess.java;
import static org.v4vgpu.client.JCudaProcess.realJCuda;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.client.JCudaProcess.Result;
import org.v4vgpu.client.jcuda.SupportedCalls;

/** Ordinary JCuda programs and a server, as processes, with the agent and with the drop-in jar, over V4V and TCP. */
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class JCudaProgramsIT {
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
        assertTrue(result.errors().contains("JCudaDriver.cuGraphCreate is not supported by v4vgpu"), result::toString);
        assertTrue(
                result.errors().contains("ModuleGetFunction: no kernel nothing; the module has [devfunc]"),
                result::toString);
        for (String line : result.errors().lines().toList()) {
            assertTrue(line.startsWith("v4vgpu WARNING: "), line);
        }
    }

    /** With the agent it is SupportedCallsIT that runs it. */
    @Test
    void theLibrariesAreInTheDropInToo() throws Exception {
        Result result = run("drop-in", server.address("tcp"), "LibraryCalls");
        assertTrue(result.output().endsWith("libraries: answered"), result::toString);
        assertNoNativeLibraryWasExtracted();
    }

    @ParameterizedTest
    @CsvSource({"agent,v4v", "drop-in,tcp"})
    void whatKernelsPrintStandsWhereItBelongs(String form, String transport) throws Exception {
        String ptx = KERNELS + "/../ptx/printing.ptx";
        Result result = run(form, server.address(transport), "Printing", ptx);
        assertEquals("round 0\nline 0\nline 1\nround 1\nline 2\nline 3\nend", result.output(), result::toString);
        assertEquals("", result.errors());
    }

    @ParameterizedTest
    @CsvSource({"agent,tcp", "drop-in,v4v"})
    void wrongUseIsAnswered(String form, String transport) throws Exception {
        Result result = run(form, server.address(transport), "WrongUse", KERNELS);
        assertTrue(result.output().endsWith("all wrong uses: answered"), result::toString);
    }

    /** The answers are made on this side: one form and one transport tell. */
    @ParameterizedTest
    @CsvSource({"WrongArguments,wrong arguments", "WrongMoments,wrong moments"})
    void everyCallMayBeWrong(String program, String what) throws Exception {
        Result result = new JCudaProcess(server, temporary)
                .withJCuda(Path.of(JCudaProcess.realJCuda()), SupportedCalls.JCUBLAS)
                .run("agent", server.address("v4v"), program, "SUPPORTED.md");
        assertTrue(result.output().endsWith(what + ": answered"), result::toString);
    }

    @ParameterizedTest
    @CsvSource({"v4v,200", "tcp,100"})
    void threadsWaitForEachOther(String transport, String rounds) throws Exception {
        Result result = run("agent", server.address(transport), "ManyThreads", rounds);
        assertEquals("all threads: right", result.output(), result::toString);
        assertEquals("", result.errors());
    }

    @Test
    void theDevicesOfSeveralServersAreNumberedOneAfterTheOther() throws Exception {
        String both = server.address("v4v") + "," + server.address("tcp");
        Result result = run("agent", both, "TwoDevices", KERNELS);
        assertEquals("two devices: right", result.output(), result::toString);
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
        assertEquals(1, lines(result.errors(), "v4vgpu "), result::toString);
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
                assertEquals(
                        1,
                        rest.stream()
                                .filter(line -> line.contains(victim.address(transport)))
                                .count(),
                        rest::toString);
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

    /** Below the system's loader, which has the agent, and beside it. */
    @ParameterizedTest
    @ValueSource(strings = {"system", "platform"})
    void jcudaMayLiveInALoaderOfItsOwn(String parent) throws Exception {
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
                parent,
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

    private static long lines(String text, String begin) {
        return text.lines().filter(line -> line.startsWith(begin)).count();
    }

    private Result run(String form, String address, String program, String... arguments) throws Exception {
        return new JCudaProcess(server, temporary).run(form, address, program, arguments);
    }

    private Result run(ProcessBuilder builder) throws Exception {
        return new JCudaProcess(server, temporary).run(builder);
    }

    private ProcessBuilder builder(String form, String address, String program, String... arguments) {
        return new JCudaProcess(server, temporary).builder(form, address, PACKAGE + program, arguments);
    }

    private void assertNoNativeLibraryWasExtracted() throws IOException {
        new JCudaProcess(server, temporary).assertNoNativeLibraryWasExtracted();
    }
}
