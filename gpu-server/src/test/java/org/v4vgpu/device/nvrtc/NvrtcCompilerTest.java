package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The calls of libnvrtc, in a sandbox, with a library that has the real one's functions; the real one, where there is one. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class NvrtcCompilerTest {
    @TempDir
    private static Path temporary;

    private static ProgramCompiler compiler;

    @BeforeAll
    static void makeTheLibrary() throws Exception {
        String unavailable = Sandbox.probe().unavailabilityCause();
        assumeTrue(unavailable == null, unavailable);
        Path gcc = Path.of("/usr/bin/gcc");
        assumeTrue(Files.isExecutable(gcc), "no gcc");
        Path library = temporary.resolve("libnvrtc.so.12");
        Process build = new ProcessBuilder(
                        gcc.toString(),
                        "-shared",
                        "-fPIC",
                        "-w",
                        "-o",
                        library.toString(),
                        "src/test/resources/nvrtc/nvrtc.c")
                .inheritIO()
                .start();
        assertEquals(0, build.waitFor());
        compiler = CompilerChoice.parse(library.toString()).find();
    }

    @Test
    void saysWhatTheLibrarySays() {
        assertInstanceOf(NvrtcCompiler.class, compiler, String.valueOf(compiler.unavailabilityCause()));
        assertEquals("nvrtc 12.9", compiler.name());
        assertEquals(List.of(75, 80, 90), compiler.architectures());
    }

    @Test
    void everythingGetsThereAndBack() throws Exception {
        Compilation compiled = compiler.compile(new Program(
                "mine.cu",
                "the program, käse\n",
                List.of(new Program.Header("a/b.h", "first\nheader"), new Program.Header("c.h", "")),
                List.of("-arch=compute_80", "-DX=1", "-default-device"),
                List.of("f<int>", "&n::x")));
        assertEquals(Compilation.Result.SUCCESS, compiled.result(), compiled.log());
        assertEquals("""
                // mine.cu --gpu-architecture=compute_80 --device-as-default-execution-space
                a/b.h: first
                header
                c.h:\s
                #define X 1
                #line 1 "mine.cu"
                the program, käse
                """, compiled.ptx());
        assertEquals(List.of("_Zf<int>", "_Z&n::x"), compiled.loweredNames());
        assertEquals("", compiled.log());
    }

    @Test
    void whatIsWrongIsSaid() throws Exception {
        Compilation wrong = compile("WRONG", List.of());
        assertEquals(Compilation.Result.COMPILATION, wrong.result());
        assertEquals("test.cu(1): error: WRONG\n", wrong.log());
        assertEquals(
                Compilation.Result.NAME_EXPRESSION_NOT_VALID,
                compile("", List.of("nothing")).result());
        Compilation crashed = compile("CRASH", List.of());
        assertEquals(Compilation.Result.COMPILATION, crashed.result());
        assertTrue(crashed.log().startsWith("the compiler broke off"), crashed.log());
    }

    @Test
    void theLibraryReadsNoFileOfTheServer() throws Exception {
        Path secret =
                temporary.resolve("../secret" + ProcessHandle.current().pid()).normalize();
        Files.writeString(secret, "top secret");
        try {
            for (String file : List.of("/etc/passwd", secret.toString(), "/proc/self/environ")) {
                Compilation compiled = compile("READ " + file, List.of());
                assertTrue(compiled.ptx().contains("no such file"), compiled.ptx());
                assertFalse(compiled.ptx().contains("top secret"), compiled.ptx());
            }
        } finally {
            Files.delete(secret);
        }
    }

    /** A server's jar and library may lie in anybody's home. */
    @Test
    void whatLiesBesideTheLibraryAndTheJarIsNotShown(@TempDir Path home) throws Exception {
        Path library = home.resolve("libnvrtc.so.12");
        Path builtins = home.resolve("libnvrtc-builtins.so.12.9");
        Path jar = home.resolve("server.jar");
        for (Path file : List.of(library, builtins, jar, home.resolve("secret"), home.resolve("libnvrtc.notes"))) {
            Files.writeString(file, "top secret");
        }
        Sandbox.Result seen = Sandbox.probe()
                .run(
                        List.of("sh", "-c", "echo $(ls /nvrtc /classes); cat /nvrtc/secret /classes/secret"),
                        NvrtcCompiler.shown(library, jar),
                        Map.of(),
                        new Sandbox.Limits(Duration.ofSeconds(30), 1L << 30, 1 << 20, 4096, 4096));
        assertEquals(
                "/classes: server.jar /nvrtc: libnvrtc-builtins.so.12.9 libnvrtc.so.12\n",
                new String(seen.output(), StandardCharsets.UTF_8));
        assertTrue(seen.log().contains("No such file"), seen.log());
    }

    @Test
    void theLibraryThatTheProgramsComeFromIsAlone() throws Exception {
        Files.writeString(temporary.resolve("beside"), "top secret");
        for (String file : List.of("/nvrtc/beside", "/java/conf/net.properties", "/java/release")) {
            Compilation compiled = compile("READ " + file, List.of());
            assertTrue(compiled.ptx().contains("no such file"), compiled.ptx());
        }
    }

    @Test
    void anInterruptEndsIt() throws Exception {
        FutureTask<Compilation> task = new FutureTask<>(() -> compile("FOREVER", List.of()));
        Thread thread = Thread.ofPlatform().start(task);
        while (workers() == 0 && !task.isDone()) {
            Thread.onSpinWait();
        }
        thread.interrupt();
        thread.join();
        while (workers() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aLibraryThatIsNoneIsNamed() throws Exception {
        Path none = temporary.resolve("libnone.so");
        Files.writeString(none, "text");
        ProgramCompiler found = CompilerChoice.parse(none.toString()).find();
        assertFalse(found.isAvailable());
        assertTrue(String.valueOf(found.unavailabilityCause()).contains("libnone.so"), found.unavailabilityCause());
    }

    @Test
    void theNextCompilerIsTakenForOneThatDoesNotWork() throws Exception {
        Path none = temporary.resolve("libbroken.so");
        Files.writeString(none, "text");
        ProgramCompiler next = CompilerChoice.firstThatWorks(
                List.of(
                        new CompilerChoice.Found(CompilerChoice.Kind.NVRTC, none),
                        new CompilerChoice.Found(CompilerChoice.Kind.NVCC, Path.of("/bin/true")),
                        new CompilerChoice.Found(CompilerChoice.Kind.NVRTC, temporary.resolve("libnvrtc.so.12"))),
                Sandbox.probe());
        assertEquals("nvrtc 12.9", next.name(), next.unavailabilityCause());
        ProgramCompiler nothing = CompilerChoice.firstThatWorks(
                List.of(
                        new CompilerChoice.Found(CompilerChoice.Kind.NVRTC, none),
                        new CompilerChoice.Found(CompilerChoice.Kind.NVCC, Path.of("/bin/true"))),
                Sandbox.probe());
        String cause = String.valueOf(nothing.unavailabilityCause());
        assertTrue(cause.contains("libbroken.so") && cause.contains("/bin/true"), cause);
    }

    private static long workers() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().command().orElse("").endsWith("/bin/java"))
                .count();
    }

    private static Compilation compile(String text, List<String> expressions) throws Exception {
        return compiler.compile(new Program("test.cu", text, List.of(), List.of(), expressions));
    }
}
