package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;

/**
 * Copies between this process and the device, both ways: the sizes are those of square matrices of single precision. {@code local} is
 * the same device in this process; the two-copy bound takes turns, too. {@code pinned} copies are those between the device and memory that
 * its server has mapped. A host-to-device copy ends when a context synchronize after
 * it has returned.
 */
final class Memcpy implements Experiment {
    /** The kind of results: to the device. */
    static final String TO_DEVICE = "htod";

    /** The kind of results: from the device. */
    static final String TO_HOST = "dtoh";

    /** Before these: from and to pinned memory, where the transport shares it. */
    static final String PINNED = "pinned ";

    private static final List<Integer> QUICK_SIZES = List.of(128, 512, 2048);
    private static final long BYTES_AT_A_TIME = 64L << 20;
    private static final int MOST_COPIES = 100;
    private static final int BOUND_COPIES = 20;

    /** Pinned memory that a server maps, of either direction: larger is not faster, and a client may have 1 GiB. */
    private static final long LARGEST_PINNED = 64L << 20;

    /** Below, starting the bound's two threads takes more of its time than the copies. */
    private static final long SMALLEST_BOUND = 4 << 20;

    @Override
    public String name() {
        return "memcpy";
    }

    @Override
    public String description() {
        return "copies of a square matrix between this process and the device of a server process";
    }

    @Override
    public boolean isBetterPinned() {
        return true;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Interleaving plan =
                laboratory.effort().plan(Interleaving.of(5, 20, 20, 1500), Interleaving.of(12, 40, 40, 8000));
        Map<String, Accelerator> accelerators = laboratory.acceleratorsByStack();
        int matrices = accelerators.size() + 2; // and source and destination here
        MatrixSizes sizes = new MatrixSizes(name(), laboratory.effort(), QUICK_SIZES, matrices, 4);
        List<Result> results = new ArrayList<>();
        try (TwoCopyBound bound = new TwoCopyBound()) {
            progress.expect(sizes.fitting().stream()
                    .mapToInt(size -> plan.steps(contenders(bytes(size), accelerators.size())))
                    .sum());
            for (int size : sizes.all()) {
                if (!sizes.admits(size, laboratory, progress)) {
                    break;
                }
                results.addAll(run(laboratory, bound, size, plan, sizes, progress));
            }
        }
        return results;
    }

    private static long bytes(int size) {
        return (long) size * size * Float.BYTES;
    }

    /** How many take turns at most: both ways over each transport, both ways from pinned memory over V4V, the bound. */
    static int contenders(long bytes, int accelerators) {
        return 2 * accelerators + (bytes > LARGEST_PINNED ? 0 : 2) + (bytes < SMALLEST_BOUND ? 0 : 1);
    }

    private List<Result> run(
            Laboratory laboratory,
            TwoCopyBound bound,
            int size,
            Interleaving plan,
            MatrixSizes sizes,
            Progress progress)
            throws IOException {
        long bytes = bytes(size);
        int copies = (int) Math.clamp(BYTES_AT_A_TIME / bytes, 1, (long) MOST_COPIES);
        Map<String, Accelerator.Memory> memories = new LinkedHashMap<>();
        List<Accelerator.Pinned> windows = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment source = arena.allocate(bytes, 4096);
            MemorySegment destination = arena.allocate(bytes, 4096);
            fill(source);
            Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
            for (Map.Entry<String, Accelerator> entry :
                    laboratory.acceleratorsByStack().entrySet()) {
                Accelerator accelerator = entry.getValue();
                Accelerator.Memory memory = accelerator.allocate(bytes);
                memories.put(entry.getKey(), memory);
                addCopies(contenders, "", entry.getKey(), accelerator, memory, source, destination, copies);
                Optional<Accelerator.Pinned> window =
                        bytes > LARGEST_PINNED ? Optional.empty() : accelerator.pinned(2 * bytes);
                window.ifPresent(pinned -> {
                    windows.add(pinned);
                    MemorySegment from = pinned.segment().asSlice(0, bytes);
                    MemorySegment to = pinned.segment().asSlice(bytes, bytes);
                    from.copyFrom(source);
                    addCopies(contenders, PINNED, entry.getKey(), accelerator, memory, from, to, copies);
                });
            }
            if (bytes >= SMALLEST_BOUND) {
                contenders.put(
                        TwoCopyBound.KIND + " local",
                        _ -> bound.takeTurn(source, destination, 1, Math.min(copies, BOUND_COPIES)));
            }
            progress.skip(
                    plan.steps(contenders(bytes, memories.size()) - contenders.size())); // V4V may share no memory
            Interleaving.Taken taken = plan.runTimed(contenders, laboratory.compilers(), progress);
            sizes.measured(size, taken.rounds(), taken.nanos());
            List<Result> results = new ArrayList<>();
            taken.byContender().forEach((contender, turns) -> {
                int end = contender.lastIndexOf(' ');
                results.add(Result.ofTransfer(
                        name(), contender.substring(0, end), contender.substring(end + 1), bytes, turns));
            });
            return results;
        } finally {
            memories.values().forEach(Accelerator.Memory::close);
            windows.forEach(Accelerator.Pinned::close);
        }
    }

    private static void addCopies(
            Map<String, Interleaving.Contender> contenders,
            String pinned,
            String transport,
            Accelerator accelerator,
            Accelerator.Memory memory,
            MemorySegment source,
            MemorySegment destination,
            int copies) {
        boolean isLong = source.byteSize() > BYTES_AT_A_TIME; // settles itself
        contenders.put(pinned + TO_DEVICE + " " + transport, during -> {
            if (!isLong) {
                Settling.by(during.settlingNanos(), () -> accelerator.copyIn(memory, source));
            }
            return time(copies, () -> accelerator.copyIn(memory, source));
        });
        contenders.put(pinned + TO_HOST + " " + transport, during -> {
            if (!isLong) {
                Settling.by(during.settlingNanos(), () -> accelerator.copyOut(destination, memory));
            }
            destination.fill((byte) 0);
            Samples samples = time(copies, () -> accelerator.copyOut(destination, memory));
            ensureSame(source, destination);
            return samples;
        });
    }

    private static Samples time(int copies, Settling.Step copy) throws IOException {
        Samples samples = new Samples();
        for (int i = 0; i < copies; i++) {
            long begin = System.nanoTime();
            copy.run();
            samples.add(System.nanoTime() - begin);
        }
        return samples;
    }

    private static void ensureSame(MemorySegment source, MemorySegment destination) {
        long mismatch = source.mismatch(destination);
        if (mismatch >= 0) {
            throw new IllegalStateException("byte " + mismatch + " came back from the device as another");
        }
    }

    private static void fill(MemorySegment segment) {
        SplittableRandom random = new SplittableRandom(segment.byteSize());
        for (long i = 0; i < segment.byteSize() / Long.BYTES; i++) {
            segment.setAtIndex(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
    }
}
