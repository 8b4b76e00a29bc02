package org.v4vgpu.stencil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The whole thing as its users start it: launcher, server, measured programs, all of them processes. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class DemoIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /** What the demo finds beside the test's own. */
    private final Map<String, String> environment = new HashMap<>();

    @TempDir
    private Path directory;

    @Test
    void verifiesBothWorkloadsOverBothTransports() throws Exception {
        Path json = directory.resolve("all.json");
        Path picture = directory.resolve("heat.png");
        environment.putAll(Map.of(
                "V4VGPU_WAIT",
                "none such",
                "V4VGPU_IVSHMEM",
                "/none/such",
                "V4VGPU_HYPERVISOR",
                "none such")); // unheeded
        Outcome outcome = demo("all", "--size", "96", "--json", json.toString(), "--picture", picture.toString());
        assertEquals(0, outcome.exitCode, outcome::toString);
        assertEquals("", outcome.error, "nothing on standard error");
        assertEquals(
                2,
                outcome.output
                        .lines()
                        .filter(l -> l.startsWith("verified: true"))
                        .count(),
                outcome::toString);

        List<Object> workloads = JSON.std.listFrom(Files.readString(json));
        assertEquals(2, workloads.size());
        for (Object workload : workloads) {
            Map<?, ?> object = (Map<?, ?>) workload;
            assertEquals(true, object.get("verified"));
            List<?> runs = (List<?>) Objects.requireNonNull(object.get("runs"));
            assertEquals(
                    List.of("v4v", "tcp"),
                    runs.stream().map(run -> ((Map<?, ?>) run).get("transport")).toList());
            for (Object run : runs) {
                ((Map<?, ?>) run)
                        .forEach((key, value) -> assertTrue(
                                !key.toString().endsWith("_us") || ((Number) value).doubleValue() > 0,
                                () -> key + " is " + value));
            }
        }
        BufferedImage image = ImageIO.read(picture.toFile());
        assertEquals(96, image.getWidth());
        assertEquals(96, image.getHeight());
    }

    @Test
    void startsTheStencilFromAPicture() throws Exception {
        Path input = directory.resolve("in.png");
        BufferedImage image = new BufferedImage(50, 30, BufferedImage.TYPE_BYTE_GRAY);
        image.setRGB(25, 15, 0xFFFFFF);
        ImageIO.write(image, "png", input.toFile());
        Path picture = directory.resolve("out.png");
        Outcome outcome =
                demo("stencil", "--input", input.toString(), "--iterations", "3", "--picture", picture.toString());
        assertEquals(0, outcome.exitCode, outcome::toString);
        assertTrue(outcome.output.startsWith("stencil 50 x 30, 3 iterations on "), outcome::toString);
        BufferedImage result = ImageIO.read(picture.toFile());
        assertEquals(50, result.getWidth());
        assertFalse(result.getRGB(24, 15) == result.getRGB(0, 0), "the heat has spread to its neighbour");
        assertEquals(
                result.getRGB(0, 0), result.getRGB(20, 15), "and in three iterations not further than three cells");
    }

    @Test
    void saysWhatTooLargeASizeNeedsAndWhatTheDeviceHas() throws Exception {
        Outcome outcome = demo("matmul", "--size", "100000");
        assertEquals(2, outcome.exitCode, outcome::toString);
        assertTrue(
                outcome.error.matches(
                        "stencil-demo/run: matmul of size 100000 \\(three matrices\\) needs 120\\.0 GB of device memory and .+ has"
                                + " .+ free of .+; choose a smaller --size\n"),
                outcome::toString);
    }

    @Test
    void namesTheServerThatIsNotThere() throws Exception {
        Outcome tcp = demo("matmul", "--size", "32", "--server", "tcp://127.0.0.1:1");
        assertEquals(3, tcp.exitCode, tcp::toString);
        assertTrue(tcp.error.contains("tcp://127.0.0.1:1"), tcp::toString);
        assertEquals(1, tcp.error.lines().count(), tcp::toString);

        Outcome v4v = demo("matmul", "--size", "32", "--server", "v4v://9:77");
        assertEquals(3, v4v.exitCode, v4v::toString);
        assertTrue(v4v.error.contains("v4v://9:77"), v4v::toString);
        assertEquals(1, v4v.error.lines().count(), v4v::toString);
    }

    @Test
    void endsWithOneLineWhenItsServerIsKilled() throws Exception {
        Process demo = start("matmul", "--size", "256");
        ProcessHandle server = awaitChild(demo, "ServerCommand");
        awaitChild(demo, "program.Program");
        server.destroyForcibly();
        Outcome outcome = outcome(demo);
        assertEquals(3, outcome.exitCode, outcome::toString);
        assertEquals(1, outcome.error.lines().count(), outcome::toString);
        assertTrue(demo.descendants().noneMatch(ProcessHandle::isAlive));
    }

    @Test
    void leavesNothingBehindWhenItIsEnded() throws Exception {
        Process demo = start("matmul", "--size", "256");
        awaitChild(demo, "program.Program");
        List<ProcessHandle> children = demo.descendants().toList();
        demo.destroy();
        assertTrue(demo.waitFor(60, TimeUnit.SECONDS));
        for (ProcessHandle child : children) {
            child.onExit().get(10, TimeUnit.SECONDS);
        }
    }

    /** What a process said and how it ended. */
    record Outcome(int exitCode, String output, String error) {}

    private Outcome demo(String... arguments) throws IOException, InterruptedException {
        return outcome(start(arguments));
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ROOT.resolve("stencil-demo/run").toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(file("out"))
                .redirectError(file("err"))
                .redirectInput(new File("/dev/null"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private Outcome outcome(Process process) throws IOException, InterruptedException {
        assertTrue(process.waitFor(150, TimeUnit.SECONDS), "the demo hangs");
        return new Outcome(
                process.exitValue(),
                Files.readString(file("out").toPath(), StandardCharsets.UTF_8),
                Files.readString(file("err").toPath(), StandardCharsets.UTF_8));
    }

    private File file(String name) {
        return directory.resolve(name).toFile();
    }

    private static ProcessHandle awaitChild(Process parent, String mainClass) {
        while (parent.isAlive()) {
            for (ProcessHandle child : parent.descendants().toList()) {
                if (child.info().commandLine().orElse("").contains(mainClass)) {
                    return child;
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        throw new AssertionError("the demo ended before it started " + mainClass);
    }
}
