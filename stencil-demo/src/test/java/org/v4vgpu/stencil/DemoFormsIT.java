package org.v4vgpu.stencil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.stencil.program.Program;

/** The measured program, compiled against the real JCuda, in every form: the same result, and no native library of CUDA's or JCuda's. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DemoFormsIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path AGENT = ROOT.resolve("gpu-client/target/v4vgpu-agent.jar");
    private static final Path DROP_IN = ROOT.resolve("gpu-client/target/v4vgpu-jcuda.jar");

    @Test
    void givesTheSameResultByAgentAndByDropInOverBothTransports() throws Exception {
        Set<String> results = new TreeSet<>();
        List<Process> programs = new ArrayList<>();
        try (ServerProcess server = ServerProcess.start(ROOT, false)) {
            for (String address : server.addresses()) {
                programs.add(start(server, List.of("-javaagent:" + AGENT + "=" + address), classPath("")));
                programs.add(start(
                        server,
                        List.of("-Dv4vgpu.server=" + address),
                        DROP_IN + File.pathSeparator + classPath("jcuda-.*")));
            }
            assertEquals(4, programs.size());
            for (Process program : programs) {
                answer(program, "ready ");
                program.outputWriter().write("repeat\nverify\n");
                program.outputWriter().flush();
                String times = answer(program, "times ");
                results.add(times.substring(times.indexOf("result=")));
                answer(program, "verdict true ");
                assertLoadsNoNativeLibrary(program);
                program.outputWriter().close();
                assertEquals(0, program.waitFor());
            }
        } finally {
            programs.forEach(Process::destroyForcibly);
        }
        assertEquals(1, results.size(), results::toString);
    }

    private static Process start(ServerProcess server, List<String> options, String classPath) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, Program.class.getName(), "matmul", "96"));
        ProcessBuilder builder = new ProcessBuilder(command);
        server.enter(builder);
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** This test's class path without the jars of a name. */
    private static String classPath(String withoutName) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !Path.of(entry).getFileName().toString().matches(withoutName))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String answer(Process program, String begin) throws IOException {
        String line = String.valueOf(program.inputReader(StandardCharsets.UTF_8).readLine());
        assertTrue(line.startsWith(begin), line);
        return line;
    }

    private static void assertLoadsNoNativeLibrary(Process program) throws IOException {
        List<String> maps = Files.readAllLines(Path.of("/proc/" + program.pid() + "/maps"));
        assertTrue(maps.stream().anyMatch(line -> line.contains("libjvm.so")));
        assertEquals(
                List.of(),
                maps.stream()
                        .filter(line -> line.matches("(?i).*/[^/]*(cuda|nvrtc|cublas|nvidia)[^/]*\\.so.*"))
                        .toList());
    }
}
