package org.v4vgpu.stencil;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.stencil.program.Program;

/**
 * A measured program as a process of its own, with the agent that sends its CUDA calls to one address. What the lines between
 * us mean stands in {@link Program}. One thread uses it.
 */
final class ProgramProcess implements AutoCloseable {
    /** Between looks at whether the server still lives. */
    private static final long LOOK_MILLIS = 200;

    /** How long a program may need to notice that its server died, before it is ended. */
    private static final long NOTICE_SECONDS = 5;

    /** What the agent logs, for the JDK's own logger: the message and nothing else. */
    private static final String ONE_LINE_LOGS = "-Djava.util.logging.SimpleFormatter.format=%5$s%n";

    private final Job job;
    private final String address;
    private final @Nullable ServerProcess server;
    private final ChildProcess process;
    private final String device;

    /** What one repetition gave: microseconds by stage, and what stands for the result. */
    record Repetition(Map<String, Double> micros, String result) {}

    /** The outcome of a verification. */
    record Verdict(boolean verified, double maximumError, double tolerance) {}

    /**
     * Starts the program and waits until its workload is set up.
     *
     * @param root the project's directory, with the agent
     * @param server the server at the address, if it is ours
     */
    ProgramProcess(Path root, Job job, String address, @Nullable ServerProcess server, boolean debug)
            throws DemoException, InterruptedException {
        this.job = job;
        this.address = address;
        this.server = server;
        Path agent = root.resolve("gpu-client/target/v4vgpu-agent.jar");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:MaxRAMPercentage=50",
                "-javaagent:" + agent + "=" + address,
                "-cp",
                System.getProperty("java.class.path"),
                Program.class.getName()));
        command.addAll(job.arguments());
        if (!debug) {
            command.add(1, ONE_LINE_LOGS);
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove("V4VGPU_DOMAIN"); // Each process is a domain of its own.
        if (server != null) {
            server.enter(builder);
        }
        try {
            process = ChildProcess.start(builder, debug);
        } catch (IOException e) {
            throw new DemoException(DemoException.FAILED, "cannot start a JVM: " + e.getMessage(), e);
        }
        try {
            device = answer("ready");
        } catch (DemoException | InterruptedException e) {
            process.close();
            throw e;
        }
    }

    String address() {
        return address;
    }

    /** The device's name, as CUDA gives it. */
    String device() {
        return device;
    }

    /** Lets the program make its copies for a while, uncounted. */
    void warm(long millis) throws DemoException, InterruptedException {
        process.send("warm " + millis);
        answer("warm");
    }

    Repetition repeat() throws DemoException, InterruptedException {
        process.send("repeat");
        Map<String, Double> micros = new LinkedHashMap<>();
        String result = "";
        for (String pair : answer("times").split(" ", -1)) {
            int equals = pair.indexOf('=');
            if (pair.startsWith("result=")) {
                result = pair.substring(equals + 1);
            } else {
                micros.put(pair.substring(0, equals), Double.valueOf(pair.substring(equals + 1)));
            }
        }
        return new Repetition(micros, result);
    }

    Verdict verify() throws DemoException, InterruptedException {
        process.send("verify");
        String[] words = answer("verdict").split(" ", -1);
        return new Verdict(Boolean.parseBoolean(words[0]), Double.parseDouble(words[1]), Double.parseDouble(words[2]));
    }

    /** Lets the program write its last result as a picture. */
    void writePicture(File file) throws DemoException, InterruptedException {
        process.send("picture " + file.getAbsolutePath());
        answer("picture");
    }

    @Override
    public void close() {
        process.close();
    }

    /** Waits for an answer that begins with a word, and gives the rest of it. */
    private String answer(String word) throws DemoException, InterruptedException {
        long serverEnd = 0;
        while (true) {
            ChildProcess.Line line = process.poll(LOOK_MILLIS);
            if (line != null && line.isEnd()) {
                throw ended();
            }
            if (line != null && line.text().startsWith("error ")) {
                throw failed(line.text());
            }
            if (line != null && (line.text() + " ").startsWith(word + " ")) {
                return line.text().substring(word.length()).strip();
            }
            if (line == null && server != null && !server.isAlive()) {
                long now = System.nanoTime();
                serverEnd = serverEnd == 0 ? now : serverEnd;
                if (now - serverEnd > TimeUnit.SECONDS.toNanos(NOTICE_SECONDS)) {
                    throw serverEnded(server);
                }
            }
        }
    }

    private DemoException ended() throws InterruptedException {
        if (server != null && server.isEnding()) {
            return serverEnded(server);
        }
        String error = process.lastError();
        return DemoException.ofEnd(
                process.exitCode(),
                DemoException.FAILED,
                "%s over %s ended (exit code %d) before it answered%s"
                        .formatted(job.name(), address, process.exitCode(), error.isEmpty() ? "" : ": " + error));
    }

    /** From {@code error EXIT_CODE MESSAGE}. */
    private DemoException failed(String line) throws InterruptedException {
        int space = line.indexOf(' ', "error ".length());
        int exitCode = Integer.parseInt(line.substring("error ".length(), space));
        String message = line.substring(space + 1);
        if (exitCode == DemoException.USAGE) {
            return new DemoException(exitCode, message);
        }
        if (server != null && server.isEnding()) {
            return serverEnded(server);
        }
        process.exitCode(); // It says its error and ends; what the agent logged is complete then.
        String cause = process.lastError();
        // What the agent logged says it better, if it logged something.
        return new DemoException(
                exitCode, job.name() + " over " + address + ": " + (cause.isEmpty() ? message : cause));
    }

    private DemoException serverEnded(ServerProcess ended) throws InterruptedException {
        return ended.ended(job.name() + " ran over " + address);
    }
}
