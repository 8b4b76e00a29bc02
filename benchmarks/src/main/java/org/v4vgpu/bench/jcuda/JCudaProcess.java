package org.v4vgpu.bench.jcuda;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.v4vgpu.bench.result.Samples;

/**
 * A JCuda program in another process, which launches when it is told to. Confined to one thread. The process belongs to whoever started
 * it.
 */
public final class JCudaProcess {
    /** Beside the project's directory: the drop-in jar, which needs no other of JCuda's. */
    private static final Path DROP_IN = Path.of("gpu-client", "target", "v4vgpu-jcuda.jar");

    private static final Path PTX = Path.of("stencil-demo", "src", "main", "cuda", "stencil.ptx");

    private final BufferedReader answers;
    private final PrintWriter commands;

    /**
     * Waits until the program is ready.
     *
     * @param process what {@link #command} starts
     * @throws IOException if it ends before
     */
    public JCudaProcess(Process process) throws IOException {
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        answer();
    }

    /**
     * How to start the program: the class path has JCuda and the program, and nothing else of ours.
     *
     * @param root the project's directory
     * @param address of the server
     * @throws IOException if the drop-in jar has not been built
     */
    public static List<String> command(Path root, String address) throws IOException {
        Path jar = root.resolve(DROP_IN);
        if (!Files.exists(jar)) {
            throw new IOException("no " + DROP_IN + "; mvn package builds it");
        }
        String own = JCudaProcess.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath();
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Dv4vgpu.server=" + address,
                "-cp",
                own + System.getProperty("path.separator") + jar,
                JCudaLaunches.class.getName(),
                root.resolve(PTX).toString());
    }

    /**
     * What each launch took.
     *
     * @param anew whether the parameters' pointers are made for each, as most programs do
     * @param stream how many come before one wait
     * @param issuedOnly without the wait
     */
    public Samples turn(
            boolean anew, int stream, boolean issuedOnly, long settlingNanos, long turnNanos, int fewest, int most)
            throws IOException {
        Samples samples = new Samples();
        for (long nanos : command(String.join(
                " ",
                "turn",
                Boolean.toString(anew),
                Integer.toString(stream),
                Boolean.toString(issuedOnly),
                Long.toString(settlingNanos),
                Long.toString(turnNanos),
                Integer.toString(fewest),
                Integer.toString(most)))) {
            samples.add(nanos);
        }
        return samples;
    }

    /** Pairs of nanoseconds and bytes of the heap that rounds of {@code count} launches took, after {@code warm} that do not count. */
    public long[] heap(boolean anew, int warm, int count, int rounds) throws IOException {
        return command("heap " + anew + " " + warm + " " + count + " " + rounds);
    }

    private long[] command(String line) throws IOException {
        commands.println(line);
        return Arrays.stream(answer().split(" ", -1)).mapToLong(Long::parseLong).toArray();
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the JCuda program has ended; the log says why");
        }
        return line;
    }
}
