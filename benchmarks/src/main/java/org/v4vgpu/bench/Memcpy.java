package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteGpu;

/**
 * Copies between this process and the device, both ways, and the two-copy bound in the same turns. A host-to-device copy ends
 * when a context synchronize after it has returned.
 */
final class Memcpy implements Experiment {
    private static final String TO_DEVICE = "htod";
    private static final String TO_HOST = "dtoh";
    private static final String BOUND = "two-copy bound";

    private static final List<Long> SIZES = List.of(64L << 10, 256L << 10, 1L << 20, 4L << 20, 16L << 20, 64L << 20);
    private static final List<Long> QUICK_SIZES = List.of(64L << 10, 1L << 20, 16L << 20);
    private static final long BYTES_PER_TURN = 64L << 20;
    private static final int MAXIMUM_COPIES = 100;
    private static final int TURNS = 12;
    private static final int QUICK_TURNS = 6;

    @Override
    public String name() {
        return "memcpy";
    }

    @Override
    public String description() {
        return "copies between this process and the device of a server process";
    }

    @Override
    public List<Result> run(Laboratory laboratory) throws IOException {
        Map<String, RemoteContext> contexts = new LinkedHashMap<>();
        List<RemoteGpu> gpus = new ArrayList<>();
        List<Result> results = new ArrayList<>();
        try (TwoCopyBound bound = new TwoCopyBound()) {
            laboratory.server().forEach((transport, address) -> {
                RemoteGpu gpu = RemoteGpu.connect(address);
                gpus.add(gpu);
                contexts.put(transport, gpu.device(0).createContext());
            });
            for (long bytes : laboratory.isQuick() ? QUICK_SIZES : SIZES) {
                results.addAll(run(laboratory, contexts, bound, bytes));
            }
        } finally {
            gpus.forEach(RemoteGpu::close);
            laboratory.endProcesses();
        }
        return results;
    }

    private List<Result> run(Laboratory laboratory, Map<String, RemoteContext> contexts, TwoCopyBound bound, long bytes)
            throws IOException {
        Map<String, Samples> toDevice = new LinkedHashMap<>();
        Map<String, Samples> toHost = new LinkedHashMap<>();
        int copies = (int) Math.clamp(BYTES_PER_TURN / bytes, 1, (long) MAXIMUM_COPIES);
        int turns = laboratory.isQuick() ? QUICK_TURNS : TURNS;
        Map<String, DeviceMemory> memories = new LinkedHashMap<>();
        try (Arena arena = Arena.ofShared()) {
            contexts.forEach((transport, context) -> memories.put(transport, context.allocate(bytes)));
            MemorySegment source = arena.allocate(bytes, 4096);
            MemorySegment destination = arena.allocate(bytes, 4096);
            fill(source);
            TwoCopyBound.Case twoCopies = bound.of(source, destination);
            Settling.untilCompiled(laboratory.compilers(), () -> {
                for (DeviceMemory memory : memories.values()) {
                    copyOnce(memory, source, destination);
                }
                twoCopies.takeTurn(1, false);
            });
            for (int turn = 0; turn < turns; turn++) {
                for (Map.Entry<String, DeviceMemory> memory : memories.entrySet()) {
                    Samples in = samples(toDevice, memory.getKey());
                    Samples out = samples(toHost, memory.getKey());
                    Settling.by(() -> copyOnce(memory.getValue(), source, destination));
                    takeTurn(memory.getValue(), source, destination, copies, in, out);
                }
                twoCopies.takeTurn(copies, true);
            }
            List<Result> results = new ArrayList<>();
            toDevice.forEach((transport, taken) -> results.add(result(TO_DEVICE, transport, bytes, taken)));
            toHost.forEach((transport, taken) -> results.add(result(TO_HOST, transport, bytes, taken)));
            results.add(result(BOUND, "local", bytes, twoCopies.best()));
            return results;
        } finally {
            memories.values().forEach(DeviceMemory::close);
        }
    }

    private static void takeTurn(
            DeviceMemory memory,
            MemorySegment source,
            MemorySegment destination,
            int copies,
            Samples toDevice,
            Samples toHost) {
        for (int copy = 0; copy < copies; copy++) {
            long begin = System.nanoTime();
            memory.copyFrom(source);
            memory.context().synchronize();
            toDevice.add(System.nanoTime() - begin);
        }
        destination.fill((byte) 0);
        for (int copy = 0; copy < copies; copy++) {
            long begin = System.nanoTime();
            memory.copyTo(destination);
            toHost.add(System.nanoTime() - begin);
        }
        if (source.mismatch(destination) >= 0) {
            throw new IllegalStateException(
                    "byte " + source.mismatch(destination) + " came back from the device as another");
        }
    }

    private static void copyOnce(DeviceMemory memory, MemorySegment source, MemorySegment destination) {
        memory.copyFrom(source);
        memory.context().synchronize();
        memory.copyTo(destination);
    }

    private static Samples samples(Map<String, Samples> by, String transport) {
        return by.computeIfAbsent(transport, _ -> new Samples());
    }

    private Result result(String kind, String transport, long bytes, Samples taken) {
        return new Result(
                name(), kind, transport, bytes, 1, taken.median(), taken.percentile(99), bytes * 1e3 / taken.median());
    }

    private static void fill(MemorySegment segment) {
        SplittableRandom random = new SplittableRandom(segment.byteSize());
        byte[] bytes = new byte[(int) segment.byteSize()];
        random.nextBytes(bytes);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, segment, 0, bytes.length);
    }
}
