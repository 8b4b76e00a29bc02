package org.v4vgpu.bench.gpu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.bench.process.ChildProcess;

/**
 * A process of the kit that answers by lines, each of which is waited for no longer than the step has time. What it writes to standard
 * error goes to a file. Ends at {@link #close} or with this JVM. Confined to one thread.
 */
final class KitProcess implements AutoCloseable {
    private final String name;
    private final Process process;
    private final Path log;

    /** Of the log, what processes before this one wrote. */
    private final long before;

    private final Deadline deadline;
    private final Writer in;
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
    private final Thread hook;

    KitProcess(String name, List<String> command, Path log, Deadline deadline) throws IOException {
        this.name = name;
        this.log = log;
        this.before = Files.exists(log) ? Files.size(log) : 0;
        this.deadline = deadline;
        process = ChildProcess.start(command, log);
        hook = new Thread(process::destroyForcibly, "end " + name);
        Runtime.getRuntime().addShutdownHook(hook);
        in = process.outputWriter(StandardCharsets.UTF_8);
        Thread.ofVirtual().start(() -> read(process.inputReader(StandardCharsets.UTF_8)));
    }

    private void read(BufferedReader reader) {
        try {
            reader.lines().forEach(line -> lines.add(Optional.of(line)));
        } catch (UncheckedIOException e) {
            // The pipe was closed under the reader: as good as its end.
        } finally {
            lines.add(Optional.empty());
        }
    }

    /** Sends a line; whether anybody reads it shows in the answer. */
    void send(String line) {
        try {
            in.write(line + "\n");
            in.flush();
        } catch (IOException e) {
            // A process that has ended closed the pipe: the answer is the end of its output.
        }
    }

    /** The next line of its output; empty at its end. @throws StepException if there is none in time */
    Optional<String> next() throws StepException, InterruptedException {
        Optional<String> line = lines.poll(deadline.leftMillis(), TimeUnit.MILLISECONDS);
        if (line == null) {
            throw new StepException(name + " did not answer in the step's " + deadline.seconds() + " s");
        }
        return line;
    }

    /** The next line that begins with a word, without it. @throws StepException if the process ends or says {@code error} */
    String answer(String word) throws StepException, InterruptedException {
        while (true) {
            String line = next().orElse(null);
            if (line == null) {
                throw ended();
            }
            if (line.startsWith("error ")) {
                throw new StepException(name + ": " + line);
            }
            if ((line + " ").startsWith(word + " ")) {
                return line.substring(word.length()).strip();
            }
        }
    }

    /** Waits for its end. */
    int exitCode() throws StepException, InterruptedException {
        if (!process.waitFor(deadline.leftMillis(), TimeUnit.MILLISECONDS)) {
            throw new StepException(name + " did not end in the step's " + deadline.seconds() + " s");
        }
        return process.exitValue();
    }

    StepException ended() throws StepException, InterruptedException {
        return new StepException(name + " ended with exit code " + exitCode() + lastWords());
    }

    /** The first line of its log that has these words. */
    Optional<String> said(String words) {
        try {
            byte[] all = Files.readAllBytes(log);
            int begin = (int) Math.min(before, all.length);
            return new String(all, begin, all.length - begin, StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.contains(words))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The last line of its log that is no stack trace. */
    private String lastWords() {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("\t"))
                    .reduce((first, second) -> second)
                    .map(line -> ": " + line)
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        ChildProcess.end(process);
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending: the hook runs or has run.
        }
    }
}
