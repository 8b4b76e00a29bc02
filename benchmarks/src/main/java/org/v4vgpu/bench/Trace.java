package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.consumer.RecordedEvent;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.v4v.ChannelAddress;

/**
 * Where the time of a call and of a copy of 16 MiB goes, by the Flight Recorder events of client and server, and what recording them costs:
 * calls and copies, each with it and without it, take turns. Both sides are in this process, on a processor each where there are two, over V4V.
 *
 * <p>A stage is a median of its own, so that stages need not add up to the median of the whole. Of a copy, both sides work at the same time;
 * each side's stages are given for themselves. A copy to the device returns once it is sent; the whole includes the call that then waits for
 * the device, which is the last of its stages.
 */
final class Trace implements Experiment {
    /** The whole, as the caller sees it, while nothing is recorded. */
    static final String UNTRACED = "whole, untraced";

    /** The whole while its stages are recorded. */
    static final String TRACED = "whole, traced";

    private static final String SERVER_ADDRESS = "v4v://901:4840";
    private static final int COPY_BYTES = 16 << 20;

    /** Beyond the time that a waiting lane spins. */
    private static final long PAUSE_NANOS = 2_000_000;

    private static final int SMOKE_WARM_UP = 50;
    private static final int QUICK_WARM_UP = 20_000;
    private static final int WARM_UP = 60_000;

    /** What is traced: so many in a turn, each after a pause or not. */
    private record Case(
            String name,
            long bytes,
            int warmUp,
            int turns,
            int repetitions,
            Settling.Step before,
            Settling.Step step) {}

    @Override
    public String name() {
        return "trace";
    }

    @Override
    public String description() {
        return "stages of a call and of a 16 MiB copy over V4V, and what tracing them costs; both sides in this process";
    }

    @Override
    public boolean isBetterPinned() {
        return true;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        laboratory.endProcesses(); // they would take processors
        int[] processors = ProcessorAffinity.available();
        List<Result> results = new ArrayList<>();
        try (Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                GpuServer _ = startOn(processors[processors.length - 1], device);
                Accelerator client = RemoteAccelerator.connect(SERVER_ADDRESS);
                Arena arena = Arena.ofConfined()) {
            List<Case> cases = cases(client, arena, laboratory.effort());
            progress.expect(cases.stream().mapToInt(each -> 2 * each.turns).sum());
            results.addAll(trace(cases, progress));
        } finally {
            laboratory.place(this);
        }
        return results;
    }

    /** The server's threads inherit the processor. */
    private static GpuServer startOn(int processor, Device device) throws IOException {
        int[] all = ProcessorAffinity.available();
        ProcessorAffinity.bind(processor);
        try {
            return GpuServer.start(
                    List.of(device), List.of(ChannelAddress.parse(SERVER_ADDRESS)), SessionLimits.DEFAULT);
        } finally {
            ProcessorAffinity.bind(all[0]);
        }
    }

    private static List<Case> cases(Accelerator client, Arena arena, Effort effort) throws IOException {
        MemorySegment memory = arena.allocate(COPY_BYTES, 4096).fill((byte) 1);
        Accelerator.Memory there = client.allocate(COPY_BYTES);
        int turns = effort.count(1, 5, 15);
        int calls = effort.count(20, 1000, 2000);
        int copies = effort.count(2, 10, 20);
        int copiesBefore = effort.count(2, 40, 100);
        Settling.Step nothing = () -> {};
        Settling.Step pause = () -> LockSupport.parkNanos(PAUSE_NANOS);
        Settling.Step call = client::synchronize;
        return List.of(
                new Case("call", 0, effort.count(SMOKE_WARM_UP, QUICK_WARM_UP, WARM_UP), turns, calls, nothing, call),
                new Case("call that wakes", 0, 10, turns, Math.max(20, calls / 20), pause, call),
                new Case(
                        "to device",
                        COPY_BYTES,
                        copiesBefore,
                        turns,
                        copies,
                        nothing,
                        () -> client.copyIn(there, memory)),
                new Case(
                        "from device",
                        COPY_BYTES,
                        copiesBefore,
                        turns,
                        copies,
                        nothing,
                        () -> client.copyOut(memory, there)));
    }

    /** All cases, each untraced and traced, take turns. */
    private List<Result> trace(List<Case> cases, Progress progress) throws IOException {
        Map<Case, Map<String, Turns>> times = new LinkedHashMap<>();
        Map<Case, List<Span>> traced = new LinkedHashMap<>();
        try (CallRecording recording = new CallRecording()) {
            recording.pause();
            for (Case each : cases) {
                take(each, each.warmUp / 2);
                recording.resume();
                take(each, each.warmUp / 2);
                recording.pause();
                times.put(each, new LinkedHashMap<>());
                traced.put(each, new ArrayList<>());
            }
            recording.forget();
            for (int turn = 0; turn < cases.getFirst().turns; turn++) {
                for (Case each : cases) {
                    turns(times, each, UNTRACED).add(take(each, each.repetitions));
                    progress.step();
                    recording.resume();
                    long begin = System.nanoTime();
                    turns(times, each, TRACED).add(take(each, each.repetitions));
                    traced.getOrDefault(each, List.of()).add(new Span(begin, System.nanoTime()));
                    recording.pause();
                    progress.step();
                }
            }
            List<RecordedEvent> events = recording.events();
            traced.forEach((each, spans) -> spans.forEach(span -> CallStages.of(span.of(events), each.bytes > 0)
                    .forEach((stage, samples) -> turns(times, each, stage).add(samples))));
        }
        List<Result> results = new ArrayList<>();
        times.forEach((each, stages) -> stages.forEach((stage, turns) ->
                results.add(Result.of(name(), each.name + ": " + stage, "v4v", each.bytes, 1, turns, 0))));
        return results;
    }

    /** A turn's time. */
    private record Span(long begin, long end) {
        /** What began in it, by the client's clock or the server's, which is the same here. */
        List<RecordedEvent> of(List<RecordedEvent> events) {
            return events.stream()
                    .filter(event -> {
                        long began = event.getLong("beganNanos");
                        return began - begin >= 0 && end - began >= 0;
                    })
                    .toList();
        }
    }

    private static Turns turns(Map<Case, Map<String, Turns>> times, Case each, String stage) {
        return times.getOrDefault(each, new LinkedHashMap<>()).computeIfAbsent(stage, _ -> new Turns());
    }

    /** How much longer something takes while it is traced, by the turns that alternated. */
    @Override
    public List<String> remarks(List<Result> results) {
        List<String> lines = new ArrayList<>();
        for (Result traced : results) {
            if (traced.kind().endsWith(TRACED)) {
                String subject = traced.kind().substring(0, traced.kind().length() - TRACED.length());
                results.stream()
                        .filter(result -> result.kind().equals(subject + UNTRACED))
                        .map(untraced -> subject + "takes " + untraced.ratioTo(traced) + " as long while it is traced")
                        .forEach(lines::add);
            }
        }
        return lines;
    }

    private static Samples take(Case traced, int repetitions) throws IOException {
        Samples samples = new Samples();
        for (int i = 0; i < Math.max(1, repetitions); i++) {
            traced.before.run();
            long begin = System.nanoTime();
            traced.step.run();
            samples.add(System.nanoTime() - begin);
        }
        return samples;
    }
}
