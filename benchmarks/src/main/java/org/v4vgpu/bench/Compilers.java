package org.v4vgpu.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What the JIT compilers of some processes have worked. On a machine with two processors a compiler in the background takes one
 * of them from the two sides of a measurement, so that both run on the other: a call then costs two switches. Linux's
 * /proc/PID/task (proc_pid_stat(5)); safe for any thread.
 */
final class Compilers {
    private static final String THREAD_NAME = " CompilerThre"; // the kernel keeps 15 characters of "C2 CompilerThread0"
    private static final int USER_TIME = 11;

    private final List<ProcessHandle> processes;

    Compilers(List<ProcessHandle> processes) {
        this.processes = List.copyOf(processes);
    }

    /** The processor time of all their compiler threads that live, in ticks of 10 ms; only differences mean something. */
    long ticks() {
        return processes.stream()
                .mapToLong(ProcessHandle::pid)
                .flatMap(Compilers::ticksOfThreads)
                .sum();
    }

    private static LongStream ticksOfThreads(long process) {
        LongStream.Builder ticks = LongStream.builder();
        try (DirectoryStream<Path> threads =
                Files.newDirectoryStream(Path.of("/proc", Long.toString(process), "task"))) {
            threads.forEach(thread -> ticks.add(ticksOf(thread.resolve("stat"))));
        } catch (IOException | UncheckedIOException e) {
            return LongStream.empty(); // gone
        }
        return ticks.build();
    }

    /** The line is: number (name) state ..., the name with any character. */
    private static long ticksOf(Path stat) {
        try {
            String line = Files.readString(stat);
            int nameEnd = line.lastIndexOf(')');
            return line.substring(0, nameEnd).contains(THREAD_NAME)
                    ? Long.parseLong(line.substring(nameEnd + 2).split(" ", -1)[USER_TIME])
                    : 0;
        } catch (IOException e) {
            return 0; // this thread has ended
        }
    }
}
