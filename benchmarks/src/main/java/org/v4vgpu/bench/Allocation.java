package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.jcuda.JCudaProcess;
import org.v4vgpu.bench.link.Link;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;
import org.v4vgpu.client.Dim3;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.v4v.ChannelAddress;

/**
 * Bytes of the Java heap that a message or a call costs, as the JVM counts them by thread: of a message of 64 bytes there and back by the
 * thread that sends and receives it; of a call without payload, a launch that is not waited for and copies of 16 MiB by the calling thread,
 * and by all others of a server in this process, its device among them; and for comparison of the generated messages of such a call
 * alone. The median of several rounds counts, after the compilers have done their work.
 */
final class Allocation implements Experiment {
    /** The kind of results: one message sent and one received, at one end. */
    static final String MESSAGE = "message";

    /** The kind of results: the calling thread's share of a call. */
    static final String CLIENT = "call, client";

    /** The kind of results: the server's share of a call. */
    static final String SERVER = "call, server";

    /** The kind of results: both sides' messages of a call, built, encoded, decoded and parsed, without a transport. */
    static final String MESSAGES = "call, messages alone";

    /** The kind of results: a launch by a JCuda program, by its calling thread. */
    static final String JCUDA = "launch, JCuda";

    private static final int MESSAGE_BYTES = 64;
    private static final int COPY_BYTES = 16 << 20;
    private static final int COPIES = 20;

    /** Launches before one synchronize. */
    private static final int STREAM = 100;

    private static final int ROUNDS = 7;
    private static final int WARM_UP = 30_000;
    private static final int SMOKE_WARM_UP = 1_000;
    private static final int QUICK_WARM_UP = 15_000;
    private static final int SMOKE_OPERATIONS = 200;
    private static final int QUICK_OPERATIONS = 1_500;
    private static final int OPERATIONS = 5_000;
    private static final String SERVER_ADDRESS = "v4v://900:4840";

    private static final com.sun.management.ThreadMXBean THREADS =
            ManagementFactory.getPlatformMXBean(com.sun.management.ThreadMXBean.class);

    @Override
    public String name() {
        return "allocation";
    }

    @Override
    public String description() {
        return "heap bytes per message of 64 bytes there and back at one end, per call, launch and copy of 16 MiB";
    }

    @Override
    public boolean isBetterPinned() {
        return true; // as the links are for other experiments
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        progress.expect(laboratory.links().size() + 7);
        int warmUp = laboratory.effort().count(SMOKE_WARM_UP, QUICK_WARM_UP, WARM_UP);
        int operations = operations(laboratory);
        List<Result> results = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(MESSAGE_BYTES, 64);
            for (Map.Entry<String, Link> link : laboratory.links().entrySet()) {
                Operation trips = count -> exchange(link.getValue(), message, count);
                results.addAll(measure(link.getKey(), MESSAGE_BYTES, MESSAGE, "", warmUp, operations, trips));
                progress.step();
            }
        }
        results.addAll(calls(laboratory, warmUp, progress));
        return results;
    }

    private List<Result> calls(Laboratory laboratory, int warmUp, Progress progress) throws IOException {
        List<Result> results = new ArrayList<>();
        int operations = operations(laboratory);
        try (Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                GpuServer _ = GpuServer.start(
                        List.of(device), List.of(ChannelAddress.parse(SERVER_ADDRESS)), SessionLimits.DEFAULT);
                Accelerator client = RemoteAccelerator.connect(SERVER_ADDRESS);
                Arena arena = Arena.ofConfined()) {
            Operation calls = count -> {
                for (int i = 0; i < count; i++) {
                    client.synchronize();
                }
            };
            results.addAll(measure("v4v", 0, CLIENT, SERVER, warmUp, operations, calls));
            progress.step();
            results.addAll(measure("local", 0, MESSAGES, "", warmUp, operations, new CallMessages()::pass));
            progress.step();
            Accelerator.Kernel kernel = client.kernel(
                    laboratory.root().resolve("stencil-demo/src/main/cuda/stencil.ptx"),
                    "jacobi",
                    Dim3.of(1),
                    Dim3.of(1),
                    client.allocate(Float.BYTES),
                    client.allocate(Float.BYTES),
                    1,
                    1);
            results.addAll(measure(
                    "v4v", 0, "launch, client", "launch, server", warmUp / 3, operations, launches(client, kernel)));
            progress.step();
            results.addAll(programs(laboratory, warmUp / 3, operations, progress));
            MemorySegment memory = arena.allocate(COPY_BYTES, 4096);
            Accelerator.Memory there = client.allocate(COPY_BYTES);
            Operation in = count -> {
                for (int i = 0; i < count; i++) {
                    client.copyIn(there, memory);
                }
            };
            int copiesBefore = Math.max(COPIES, warmUp / 200);
            results.addAll(measure("v4v", COPY_BYTES, "htod, client", "htod, server", copiesBefore, COPIES, in));
            progress.step();
            Operation out = count -> {
                for (int i = 0; i < count; i++) {
                    client.copyOut(memory, there);
                }
            };
            results.addAll(measure("v4v", COPY_BYTES, "dtoh, client", "dtoh, server", copiesBefore, COPIES, out));
            progress.step();
        }
        return results;
    }

    /** The same launches by a JCuda program in a process of its own. */
    private List<Result> programs(Laboratory laboratory, int warmUp, int operations, Progress progress) {
        List<Result> results = new ArrayList<>();
        try {
            JCudaProcess program = laboratory.jcuda(SERVER_ADDRESS);
            for (boolean anew : new boolean[] {true, false}) {
                Turns times = new Turns();
                Samples bytes = new Samples();
                long[] counted = program.heap(anew, warmUp, operations, ROUNDS);
                for (int i = 0; i + 1 < counted.length; i += 2) {
                    Samples time = new Samples();
                    time.add(Math.max(1, counted[i] / operations));
                    times.add(time);
                    bytes.add(counted[i + 1]);
                }
                results.add(result(anew ? JCUDA : JCUDA + ", kept", "v4v-jcuda", 0, times, bytes, operations));
                progress.step();
            }
        } catch (IOException e) {
            laboratory.skip(name() + ", v4v-jcuda: " + e.getMessage());
            progress.skip(2 - results.size());
        }
        return results;
    }

    /** Bytes are counted, not timed: a few operations say as much as many, if nothing else happens. */
    private static int operations(Laboratory laboratory) {
        return laboratory.effort().count(SMOKE_OPERATIONS, QUICK_OPERATIONS, OPERATIONS);
    }

    private static Operation launches(Accelerator client, Accelerator.Kernel kernel) {
        return count -> {
            for (int i = 1; i <= count; i++) {
                kernel.launch();
                if (i % STREAM == 0) {
                    client.synchronize();
                }
            }
            client.synchronize();
        };
    }

    /** Something that is done so many times. */
    private interface Operation {
        void repeat(int count) throws IOException;
    }

    /** Results for this thread and, where they have a name, for all others. */
    private List<Result> measure(
            String transport, long bytes, String self, String others, int warmUp, int operations, Operation operation)
            throws IOException {
        operation.repeat(warmUp);
        Turns times = new Turns();
        Samples own = new Samples();
        Samples foreign = new Samples();
        for (int round = 0; round < ROUNDS; round++) {
            long ownBefore = THREADS.getCurrentThreadAllocatedBytes();
            long allBefore = THREADS.getTotalThreadAllocatedBytes();
            long begin = System.nanoTime();
            operation.repeat(operations);
            Samples time = new Samples();
            time.add((System.nanoTime() - begin) / operations);
            times.add(time);
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - ownBefore;
            own.add(allocated);
            foreign.add(Math.max(0, THREADS.getTotalThreadAllocatedBytes() - allBefore - allocated));
        }
        Map<String, Samples> byKind = new LinkedHashMap<>();
        byKind.put(self, own);
        if (!others.isEmpty()) {
            byKind.put(others, foreign);
        }
        List<Result> results = new ArrayList<>();
        byKind.forEach((kind, allocated) -> results.add(result(kind, transport, bytes, times, allocated, operations)));
        return results;
    }

    private Result result(String kind, String transport, long bytes, Turns times, Samples allocated, int operations) {
        return new Result(
                name(),
                kind,
                transport,
                bytes,
                1,
                times.percentile(50),
                times.percentile(99),
                0,
                allocated.median() / (double) operations,
                Result.NOT_COUNTED,
                times);
    }

    private static void exchange(Link link, MemorySegment message, int trips) throws IOException {
        link.command(new Link.Command(Link.Verb.ECHO, (int) message.byteSize(), trips));
        for (int trip = 0; trip < trips; trip++) {
            link.send(message);
            link.receive(message);
        }
    }
}
