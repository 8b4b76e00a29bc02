package org.v4vgpu.bench.opencl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * OpenCL kernels in another process: buffers go there by files, launches are said once and run as often as wanted. Confined to one
 * thread. The process belongs to whoever started it.
 */
public final class OpenClProcess implements AutoCloseable {
    static final String UNAVAILABLE = "unavailable: ";
    static final String FAILED = "failed: ";

    private final BufferedReader answers;
    private final PrintWriter commands;
    private final Path directory;
    private final String description;

    /**
     * Greets a process that runs {@link OpenClWorker}.
     *
     * @param directory for the bytes of buffers
     * @throws IOException if there is no OpenCL on a CPU, with the reason
     */
    public OpenClProcess(Process process, Path directory) throws IOException {
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
        this.directory = directory;
        this.description = answer();
    }

    /** Platform and version. */
    public String description() {
        return description;
    }

    /** Makes a buffer. */
    public void buffer(String name, long bytes) throws IOException {
        command("buffer " + name + " " + bytes);
    }

    /** Fills a buffer. */
    public void write(String name, MemorySegment values) throws IOException {
        withFile("write " + name, values.byteSize(), bytes -> bytes.copyFrom(values), _ -> {});
    }

    /** What is in a buffer. */
    public void read(String name, MemorySegment values) throws IOException {
        withFile("read " + name, values.byteSize(), _ -> {}, values::copyFrom);
    }

    /**
     * Adds a launch to what is run.
     *
     * @param blockX threads of a block; of the grid as many blocks as cover {@code x} and {@code y}
     * @param arguments names of buffers, and numbers: an Integer, Float or Double
     */
    public void launch(String kernel, int x, int y, int blockX, int blockY, Object... arguments) throws IOException {
        StringBuilder line = new StringBuilder("launch " + kernel);
        line.append(' ').append((long) (x + blockX - 1) / blockX * blockX);
        line.append(' ').append((long) (y + blockY - 1) / blockY * blockY);
        line.append(' ').append(blockX).append(' ').append(blockY);
        for (Object argument : arguments) {
            line.append(' ').append(argument);
            line.append(argument instanceof Float ? "f" : argument instanceof Double ? "d" : "");
        }
        command(line.toString());
    }

    /** Runs all launches once, and waits. */
    public void run() throws IOException {
        command("run");
    }

    /** Runs all launches again and again, first without counting; gives what each run that counts took. */
    public long[] turn(long settlingNanos, long turnNanos, int most) throws IOException {
        String times = command("turn " + settlingNanos + " " + turnNanos + " " + most);
        return Arrays.stream(times.split(" ", -1)).mapToLong(Long::parseLong).toArray();
    }

    /** Forgets all launches and buffers. */
    @Override
    public void close() throws IOException {
        command("clear");
    }

    private interface Use {
        void of(MemorySegment bytes);
    }

    private void withFile(String command, long bytes, Use before, Use after) throws IOException {
        Path path = Files.createTempFile(directory, "buffer", "");
        try (Arena arena = Arena.ofConfined();
                FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
            before.of(mapped);
            command(command + " " + path);
            after.of(mapped);
        } finally {
            Files.delete(path);
        }
    }

    private String command(String line) throws IOException {
        commands.println(line);
        return answer();
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("the process that runs OpenCL has ended");
        }
        for (String trouble : new String[] {UNAVAILABLE, FAILED}) {
            if (line.startsWith(trouble)) {
                throw new IOException(line.substring(trouble.length()));
            }
        }
        return line;
    }
}
