package org.v4vgpu.bench.opencl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The process that runs the kernels of the {@code .cl} files beside it for an {@link OpenClProcess}. Reads a command a line and answers with a line each;
 * ends with its input.
 *
 * <pre>
 *   buffer NAME BYTES            makes a buffer
 *   write NAME FILE              fills it, read NAME FILE writes it to a file
 *   launch KERNEL GX GY LX LY ARGUMENT...   adds a launch to what is run; an argument is a number, with f or d behind
 *                                it for a float or double, or a buffer's name
 *   run                          runs all launches once
 *   turn SETTLE TURN MOST        runs them for SETTLE ns, then about TURN ns, MOST times at most; answers the times in ns
 *   clear                        forgets launches and buffers
 * </pre>
 */
public final class OpenClWorker {
    private static final List<String> SOURCES = List.of("matrix.cl", "vector.cl", "mathmix.cl");

    private final OpenCl cl;
    private final MemorySegment program;
    private final Map<String, MemorySegment> buffers = new HashMap<>();
    private final List<Launch> launches = new ArrayList<>();

    private record Launch(MemorySegment kernel, MemorySegment global, MemorySegment local) {}

    private OpenClWorker() throws IOException {
        cl = new OpenCl();
        StringBuilder text = new StringBuilder();
        for (String file : SOURCES) {
            try (InputStream source = OpenClWorker.class.getResourceAsStream(file)) {
                if (source == null) {
                    throw new IOException(file + " is missing");
                }
                text.append(new String(source.readAllBytes(), StandardCharsets.US_ASCII));
            }
        }
        program = cl.build(text.toString());
    }

    public static void main(String[] arguments) throws IOException {
        OpenClWorker worker;
        try {
            worker = new OpenClWorker();
        } catch (IOException e) {
            System.out.println(OpenClProcess.UNAVAILABLE + firstLine(e));
            return;
        }
        System.out.println(worker.cl.description());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String answer;
            try {
                answer = worker.execute(line.split(" ", -1));
            } catch (IOException | RuntimeException e) {
                answer = OpenClProcess.FAILED + firstLine(e);
            }
            System.out.println(answer);
        }
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    }

    private String execute(String[] words) throws IOException {
        switch (words[0]) {
            case "buffer" -> buffers.put(words[1], cl.buffer(Long.parseLong(words[2])));
            case "write" -> copy(true, words[1], Path.of(words[2]));
            case "read" -> copy(false, words[1], Path.of(words[2]));
            case "launch" -> launches.add(launch(words));
            case "run" -> run();
            case "turn" -> {
                return turn(Long.parseLong(words[1]), Long.parseLong(words[2]), Integer.parseInt(words[3]));
            }
            case "clear" -> {
                launches.clear();
                for (MemorySegment buffer : buffers.values()) {
                    cl.release(buffer);
                }
                buffers.clear();
            }
            default -> throw new IOException("no command " + words[0]);
        }
        return "done";
    }

    private void copy(boolean toDevice, String name, Path path) throws IOException {
        try (Arena arena = Arena.ofConfined();
                FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            cl.copy(toDevice, buffer(name), file.map(FileChannel.MapMode.READ_WRITE, 0, file.size(), arena));
        }
    }

    private Launch launch(String[] words) throws IOException {
        Arena arena = Arena.ofAuto();
        MemorySegment kernel = cl.kernel(program, words[1]);
        for (int i = 6; i < words.length; i++) {
            cl.argument(kernel, i - 6, argument(arena, words[i]));
        }
        return new Launch(kernel, sizes(arena, words[2], words[3]), sizes(arena, words[4], words[5]));
    }

    private MemorySegment argument(Arena arena, String word) throws IOException {
        if (buffers.containsKey(word)) {
            return arena.allocateFrom(ValueLayout.ADDRESS, buffer(word));
        }
        try {
            return switch (word.charAt(word.length() - 1)) {
                case 'f' -> arena.allocateFrom(ValueLayout.JAVA_FLOAT, Float.parseFloat(word));
                case 'd' -> arena.allocateFrom(ValueLayout.JAVA_DOUBLE, Double.parseDouble(word));
                default -> arena.allocateFrom(ValueLayout.JAVA_INT, Integer.parseInt(word));
            };
        } catch (NumberFormatException e) {
            throw new IOException("no buffer and no number: " + word, e);
        }
    }

    private static MemorySegment sizes(Arena arena, String x, String y) {
        return arena.allocateFrom(ValueLayout.JAVA_LONG, Long.parseLong(x), Long.parseLong(y));
    }

    private MemorySegment buffer(String name) throws IOException {
        MemorySegment buffer = buffers.get(name);
        if (buffer == null) {
            throw new IOException("no buffer " + name);
        }
        return buffer;
    }

    private void run() throws IOException {
        for (Launch launch : launches) {
            cl.enqueue(launch.kernel, launch.global, launch.local);
        }
        cl.finish();
    }

    private String turn(long settlingNanos, long turnNanos, int most) throws IOException {
        long begin = System.nanoTime();
        int settled = 0;
        long now;
        do {
            run();
            settled++;
            now = System.nanoTime();
        } while (now - begin < settlingNanos);
        long mean = Math.max(1, (now - begin) / settled);
        StringBuilder times = new StringBuilder();
        for (long i = Math.clamp(turnNanos / mean, 1, most); i > 0; i--) {
            long start = System.nanoTime();
            run();
            times.append(times.isEmpty() ? "" : " ").append(System.nanoTime() - start);
        }
        return times.toString();
    }
}
