package org.v4vgpu.v4v;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.WaitMode;

/** Processes that share few processors. For one thread of the test, which asks; the processes are told everything on their input. */
final class BusyProcess implements AutoCloseable {
    /** The connections that a busy client uses at the same time. */
    static final int LANES = 3;

    private static final WaitMode MODE =
            WaitMode.valueOf(System.getProperty(WaitMode.PROPERTY, "balanced").toUpperCase(Locale.ROOT));

    /** Longer than the other side spins. */
    private static final long PAUSE_NANOS = MODE == WaitMode.LATENCY ? 15_000_000 : 3_000_000;

    private final Process process;
    private final BufferedWriter input;
    private final BufferedReader output;

    /**
     * Starts one, bound to processors.
     *
     * @param role {@code serve}: prints its address and echoes, a thread for each connection; {@code hurry}: connects {@value #LANES} times, and
     *     exchanges messages without a pause; tells how many on each connection when asked; {@code pause}: connects, and when given a
     *     number exchanges so many messages, sleeping before each until the other side sleeps too; tells the longest exchange in
     *     nanoseconds
     */
    static BusyProcess start(String processors, String role, Path fabric, WaitMode mode) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                "taskset",
                "-c",
                processors,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-D" + WaitMode.PROPERTY + "=" + mode.name().toLowerCase(Locale.ROOT),
                "-cp",
                System.getProperty("java.class.path"),
                BusyProcess.class.getName(),
                role);
        builder.environment().put("V4VGPU_FABRIC", fabric.toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return new BusyProcess(builder.start());
    }

    private BusyProcess(Process process) {
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    @Nullable
    String readLine() throws IOException {
        return output.readLine();
    }

    /** Says a line and hears one. */
    String ask(String line) throws IOException {
        input.write(line + "\n");
        input.flush();
        String answer = readLine();
        if (answer == null) {
            throw new EOFException("the process has ended");
        }
        return answer;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    public static void main(String[] arguments) throws IOException {
        ChannelAddress address = ChannelAddress.parse("v4v://1:4840");
        switch (arguments[0]) {
            case "serve" -> serve(address);
            case "hurry" -> hurry(address);
            case "pause" -> pause(address);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void serve(ChannelAddress address) throws IOException {
        try (MessageListener listener = MessageChannels.listen(address)) {
            System.out.println(listener.address());
            while (true) {
                MessageChannel channel = listener.accept();
                Thread.ofPlatform().daemon().start(() -> echo(channel));
            }
        }
    }

    private static void echo(MessageChannel channel) {
        try (channel) {
            while (true) {
                try (IncomingMessage message = channel.receive()) {
                    channel.send(message.header());
                }
            }
        } catch (IOException e) {
            return; // the client has been killed
        }
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void hurry(ChannelAddress address) throws IOException {
        AtomicLongArray counts = new AtomicLongArray(LANES);
        for (int lane = 0; lane < LANES; lane++) {
            MessageChannel channel = MessageChannels.connect(address);
            int own = lane;
            Thread.ofPlatform().daemon().start(() -> {
                while (true) {
                    exchange(channel);
                    counts.incrementAndGet(own);
                }
            });
        }
        BufferedReader questions = questions();
        while (questions.readLine() != null) {
            System.out.println(IntStream.range(0, LANES)
                    .mapToObj(lane -> Long.toString(counts.get(lane)))
                    .collect(Collectors.joining(" ")));
        }
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void pause(ChannelAddress address) throws IOException {
        MessageChannel channel = MessageChannels.connect(address);
        BufferedReader questions = questions();
        for (String question = questions.readLine(); question != null; question = questions.readLine()) {
            long longest = 0;
            for (int i = Integer.parseInt(question); i > 0; i--) {
                LockSupport.parkNanos(PAUSE_NANOS);
                long begin = System.nanoTime();
                exchange(channel);
                longest = Math.max(longest, System.nanoTime() - begin);
            }
            System.out.println(longest);
        }
    }

    private static BufferedReader questions() {
        return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    }

    private static void exchange(MessageChannel channel) {
        try {
            channel.send(MemorySegment.ofArray(new byte[8]));
            channel.receive().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first so many processors that this process may use, as taskset takes them. */
    static String processors(int count) throws IOException {
        String allowed = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .findFirst()
                .orElseThrow();
        return Arrays.stream(allowed.substring(allowed.indexOf(':') + 1).strip().split(","))
                .flatMap(BusyProcess::range)
                .limit(count)
                .collect(Collectors.joining(","));
    }

    private static Stream<String> range(String range) {
        int dash = range.indexOf('-');
        return dash < 0
                ? Stream.of(range)
                : IntStream.rangeClosed(
                                Integer.parseInt(range.substring(0, dash)), Integer.parseInt(range.substring(dash + 1)))
                        .mapToObj(Integer::toString);
    }
}
