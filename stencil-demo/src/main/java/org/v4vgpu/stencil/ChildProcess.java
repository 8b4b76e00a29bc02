package org.v4vgpu.stencil;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that answers by lines. It ends with this JVM: at {@link #close()}, or by a shutdown hook. One thread talks with it;
 * {@link #close()} is safe for any thread.
 */
final class ChildProcess implements AutoCloseable {
    private static final int KEPT_ERROR_LINES = 50;
    private static final long END_SECONDS = 3;

    private final Process process;
    private final Writer in;
    private final BlockingQueue<Line> lines = new LinkedBlockingQueue<>();
    private final ConcurrentLinkedDeque<String> errors = new ConcurrentLinkedDeque<>();
    private final Thread outReader;
    private final Thread errorReader;
    private final Thread hook = new Thread(this::end, "end a child process");

    /** What it said; at the end of its output an empty text, again and again. */
    record Line(String text, boolean isEnd) {}

    private ChildProcess(Process process, boolean debug) {
        this.process = process;
        in = process.outputWriter(StandardCharsets.UTF_8);
        outReader = Thread.ofVirtual().start(() -> read(process.inputReader(StandardCharsets.UTF_8), debug, false));
        errorReader = Thread.ofVirtual().start(() -> read(process.errorReader(StandardCharsets.UTF_8), debug, true));
    }

    /**
     * Starts a process.
     *
     * @param debug print what it writes to standard error
     */
    static ChildProcess start(ProcessBuilder builder, boolean debug) throws IOException {
        ChildProcess child = new ChildProcess(builder.start(), debug);
        try {
            Runtime.getRuntime().addShutdownHook(child.hook);
        } catch (IllegalStateException e) {
            child.end(); // The JVM is ending already.
            throw new IOException("interrupted", e);
        }
        return child;
    }

    /** Sends a line. Whether the process is there to read it shows in its answer. */
    void send(String line) {
        try {
            in.write(line + "\n");
            in.flush();
        } catch (IOException e) {
            // A process that has ended closed the pipe: the answer is the end of its output.
        }
    }

    /** The next line of its standard output; null when there was none in time. */
    @Nullable
    Line poll(long timeoutMillis) throws InterruptedException {
        Line line = lines.poll(timeoutMillis, TimeUnit.MILLISECONDS);
        if (line != null && line.isEnd()) {
            lines.add(line); // The end stays the end.
        }
        return line;
    }

    /**
     * What it last wrote to standard error that is neither a stack trace nor what a JVM says of its modules; empty if nothing. Complete
     * once it has ended.
     */
    String lastError() throws InterruptedException {
        if (!process.isAlive()) {
            errorReader.join(Duration.ofSeconds(1));
        }
        return errors.stream()
                .filter(line ->
                        !line.isBlank() && !line.startsWith("\t") && !line.startsWith("WARNING: Using incubator"))
                .reduce("", (earlier, later) -> later);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Whether it ends within so long. */
    boolean endsWithin(long millis) throws InterruptedException {
        return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }

    /** Waits for the end and gives the exit code. */
    int exitCode() throws InterruptedException {
        return process.waitFor();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending: the hook runs or has run.
        }
    }

    private void end() {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            outReader.join();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void read(BufferedReader reader, boolean debug, boolean isError) {
        try {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (isError) {
                    keepError(line, debug);
                } else {
                    lines.add(new Line(line, false));
                }
            }
        } catch (IOException | UncheckedIOException e) {
            // The pipe was closed under the reader: as good as its end.
        } finally {
            if (!isError) {
                lines.add(new Line("", true));
            }
        }
    }

    private void keepError(String line, boolean debug) {
        errors.add(line);
        if (errors.size() > KEPT_ERROR_LINES) {
            errors.poll();
        }
        if (debug) {
            System.err.println(line);
        }
    }
}
