package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;
import org.v4vgpu.client.Dim3;

/**
 * A day's calls in some minutes: one session that calls as fast as it can, and by turns with its calls whole sessions that come, load a
 * module, copy, launch, copy back and leave, one after the other. Times and the memory of the server's process by
 * the time that has passed: flat, or something leaks.
 */
final class Soak implements Experiment {
    /** Figures at one time; followed by the seconds that have passed. */
    static final String CALL = "call, after s: ";

    /** A whole session, from connecting to its end. */
    static final String SESSION = "session, after s: ";

    private static final int SLOTS = 20;
    private static final int SMOKE_SLOTS = 2;
    private static final long FULL_SECONDS = 180;
    private static final long QUICK_SECONDS = 20;
    private static final long SMOKE_SECONDS = 1;

    /** Of so many calls one is timed. */
    static final int CALLS_PER_SAMPLE = 100;

    private static final int CELLS = 256;
    private static final int LAUNCHES = 20;

    @Override
    public String name() {
        return "soak";
    }

    @Override
    public String description() {
        return "calls of one session and, by turns with them, whole other sessions, by the time that has passed; one call of "
                + CALLS_PER_SAMPLE + " is timed";
    }

    @Override
    public boolean isBetterPinned() {
        return false;
    }

    @Override
    public boolean isPartOf(Effort effort) {
        return effort != Effort.QUICK;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Effort effort = laboratory.effort();
        long nanos = laboratory
                .soakNanos()
                .orElse(TimeUnit.SECONDS.toNanos(
                        switch (effort) {
                            case SMOKE -> SMOKE_SECONDS;
                            case QUICK -> QUICK_SECONDS;
                            case FULL -> FULL_SECONDS;
                        }));
        int slots = effort == Effort.SMOKE ? SMOKE_SLOTS : SLOTS;
        progress.expect(slots);
        laboratory.endProcesses();
        Laboratory.Server server = Objects.requireNonNull(laboratory.servers().get("v4v"));
        List<Result> results = new ArrayList<>();
        long begin = System.nanoTime();
        try (Accelerator steady = RemoteAccelerator.connect(server.address("v4v"))) {
            for (int slot = 1; slot <= slots; slot++) {
                long middle = begin + nanos * (2L * slot - 1) / (2L * slots);
                Turns calls = until(middle, () -> oneOf(steady));
                Turns sessions = until(begin + nanos * slot / slots, () -> session(laboratory, server));
                String seconds = Long.toString(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
                long resident = server.residentBytes();
                results.add(
                        Result.of(name(), CALL + seconds, "v4v", 0, 1, calls, 0).withResident(resident));
                results.add(Result.of(name(), SESSION + seconds, "v4v", 0, 1, sessions, 0)
                        .withResident(resident));
                progress.step();
            }
        }
        return results;
    }

    /** Something that gives the time that counts. */
    private interface Timed {
        long run() throws IOException;
    }

    private static Turns until(long end, Timed step) throws IOException {
        Samples samples = new Samples();
        do {
            samples.add(step.run());
        } while (System.nanoTime() - end < 0);
        Turns turns = new Turns();
        turns.add(samples);
        return turns;
    }

    private static long oneOf(Accelerator steady) throws IOException {
        for (int i = 1; i < CALLS_PER_SAMPLE; i++) {
            steady.synchronize();
        }
        long begin = System.nanoTime();
        steady.synchronize();
        return System.nanoTime() - begin;
    }

    private static long session(Laboratory laboratory, Laboratory.Server server) throws IOException {
        long begin = System.nanoTime();
        long bytes = (long) CELLS * CELLS * Float.BYTES;
        try (Arena arena = Arena.ofConfined();
                Accelerator accelerator = RemoteAccelerator.connect(server.address("v4v"))) {
            MemorySegment field = arena.allocate(bytes, 64);
            field.setAtIndex(ValueLayout.JAVA_FLOAT, 3L * CELLS + 7, 1);
            Accelerator.Memory from = accelerator.allocate(bytes);
            Accelerator.Memory to = accelerator.allocate(bytes);
            accelerator.copyIn(from, field);
            accelerator.copyIn(to, field);
            Accelerator.Kernel kernel = accelerator.kernel(
                    laboratory.root().resolve("stencil-demo/src/main/cuda/stencil.ptx"),
                    "jacobi",
                    Dim3.of(CELLS / 32, CELLS / 8),
                    Dim3.of(32, 8),
                    from,
                    to,
                    CELLS,
                    CELLS);
            for (int i = 0; i < LAUNCHES; i++) {
                kernel.launch();
            }
            accelerator.copyOut(field, to);
            float spread = field.getAtIndex(ValueLayout.JAVA_FLOAT, 3L * CELLS + 8);
            if (spread != 0.25f) {
                throw new IOException("a kernel gave " + spread + " where 0.25 was expected");
            }
            return System.nanoTime() - begin;
        }
    }
}
