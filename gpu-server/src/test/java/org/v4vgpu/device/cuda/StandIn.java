package org.v4vgpu.device.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The stand-in driver: builds it, starts JVMs on it, and asks it what it still holds. */
public final class StandIn {
    private static final List<String> KINDS = List.of(
            "context", "stream", "event", "module", "function", "memory", "registration", "cublas", "pool", "reserve");

    private StandIn() {}

    /** What a process wrote and how it ended. */
    public record Outcome(int exitCode, String output) {}

    /** Compiles the library; skips the test where there is no C compiler. */
    public static Path build(Path directory) throws IOException, InterruptedException {
        Path library = directory.resolve("libcuda.so.1");
        compile("-pthread", "-o", library.toString(), source("standin-cuda.c"));
        return library;
    }

    /** Compiles the stand-in for libcublas, which is to lie beside the driver's that it stands on. */
    public static Path buildBlas(Path driver) throws IOException, InterruptedException {
        Path library = driver.resolveSibling("libcublas.so.12");
        compile("-o", library.toString(), source("standin-cublas.c"), driver.toString(), "-lm");
        return library;
    }

    private static void compile(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("gcc", "-shared", "-fPIC", "-O1"));
        command.addAll(List.of(arguments));
        Process compiler;
        try {
            compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            Assumptions.abort("no gcc to build the stand-in driver with: " + e.getMessage());
            return;
        }
        String words = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (compiler.waitFor() != 0) {
            throw new IOException("gcc: " + words);
        }
    }

    private static String source(String name) {
        Path here = Path.of("src", "test", "c", name);
        return (Files.exists(here) ? here : Path.of("gpu-server").resolve(here)).toString();
    }

    /** The command of a JVM that takes the library for the driver's. */
    public static List<String> command(Path library, String mainClass, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-ea",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-D" + DriverLibrary.PROPERTY + "=" + library,
                "-D" + Cublas.PROPERTY + "=" + library.resolveSibling("libcublas.so.12"),
                "-cp",
                System.getProperty("java.class.path"),
                mainClass));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Runs such a JVM to its end. */
    public static Outcome run(Path library, Map<String, String> environment, String mainClass, String... arguments)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command(library, mainClass, arguments)).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("it hangs: " + output);
        }
        return new Outcome(process.exitValue(), output);
    }

    /** Whether this process runs on it. */
    public static boolean isDriver() {
        return System.getProperty(DriverLibrary.PROPERTY) != null
                && symbols().find("standin_count").isPresent();
    }

    /** How many things of each kind the driver holds, without those it holds none of. */
    public static Map<String, Integer> counts() {
        try {
            MethodHandle count = Linker.nativeLinker()
                    .downcallHandle(
                            symbols().findOrThrow("standin_count"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            Map<String, Integer> counts = new TreeMap<>();
            for (int kind = 0; kind < KINDS.size(); kind++) {
                int number = (int) count.invokeExact(kind);
                if (number != 0) {
                    counts.put(KINDS.get(kind), number);
                }
            }
            return counts;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Copies from and to registered memory wait from now on, until this is called again. */
    public static void holdDma(boolean held) {
        try {
            Linker.nativeLinker()
                    .downcallHandle(
                            symbols().findOrThrow("standin_hold_dma"), FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                    .invokeExact(held ? 1 : 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** How many copies the driver has taken and not done. */
    public static int waitingDma() {
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(
                            symbols().findOrThrow("standin_waiting_dma"), FunctionDescriptor.of(ValueLayout.JAVA_INT))
                    .invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Breaks the current context. */
    static void fault(int error) {
        try {
            Linker.nativeLinker()
                    .downcallHandle(
                            symbols().findOrThrow("standin_fault"), FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
                    .invokeExact(error);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** How often the driver was called to synchronise a context. */
    static int synchronizations() {
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(
                            symbols().findOrThrow("standin_synchronized"), FunctionDescriptor.of(ValueLayout.JAVA_INT))
                    .invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** The stream that the latest operation of cuBLAS ran in. */
    static long blasStream() {
        try {
            return (long) Linker.nativeLinker()
                    .downcallHandle(
                            blasSymbols().findOrThrow("standin_blas_stream"),
                            FunctionDescriptor.of(ValueLayout.JAVA_LONG))
                    .invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Its math mode times two, and one more if it might use atomics. */
    static int blasModes() {
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(
                            blasSymbols().findOrThrow("standin_blas_modes"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT))
                    .invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static SymbolLookup blasSymbols() {
        return SymbolLookup.libraryLookup(CublasLibrary.name(), Arena.global());
    }

    private static SymbolLookup symbols() {
        return SymbolLookup.libraryLookup(DriverLibrary.NAME, Arena.global());
    }
}
