package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The poster's latency figure: a message to another process and back. */
final class PingPong implements Experiment {
    private static final List<Integer> SIZES = List.of(64, 1024, 16 * 1024, 64 * 1024, 1024 * 1024);
    private static final List<Integer> QUICK_SIZES = List.of(64, 4096, 64 * 1024);

    /** Both ways together, in one turn of one transport. */
    private static final long BYTES_PER_TURN = 64L << 20;

    private static final int MAXIMUM_TRIPS = 2000;
    private static final int SETTLING_TRIPS = 100;
    private static final int TURNS = 20;
    private static final int QUICK_TURNS = 8;

    @Override
    public String name() {
        return "pingpong";
    }

    @Override
    public String description() {
        return "a message to another process and back";
    }

    @Override
    public List<Result> run(Laboratory laboratory) throws IOException {
        List<Result> results = new ArrayList<>();
        Map<String, Link> links = laboratory.links();
        try (Arena arena = Arena.ofConfined()) {
            for (int bytes : laboratory.isQuick() ? QUICK_SIZES : SIZES) {
                results.addAll(run(laboratory, links, arena.allocate(bytes, 64)));
            }
        } finally {
            for (Link link : links.values()) {
                link.close();
            }
        }
        return results;
    }

    private List<Result> run(Laboratory laboratory, Map<String, Link> links, MemorySegment message) throws IOException {
        int trips = (int) Math.clamp(BYTES_PER_TURN / (2 * message.byteSize()), 1L, MAXIMUM_TRIPS);
        Map<String, Samples> samples = new HashMap<>();
        int turns = laboratory.isQuick() ? QUICK_TURNS : TURNS;
        int settlingTrips = Math.min(trips, SETTLING_TRIPS);
        Settling.untilCompiled(laboratory.compilers(), () -> {
            for (Link link : links.values()) {
                takeTurn(link, message, settlingTrips, new Samples());
            }
        });
        for (int turn = 0; turn < turns; turn++) {
            for (Map.Entry<String, Link> link : links.entrySet()) {
                Settling.by(() -> takeTurn(link.getValue(), message, settlingTrips, new Samples()));
                takeTurn(link.getValue(), message, trips, samples.computeIfAbsent(link.getKey(), _ -> new Samples()));
            }
        }
        List<Result> results = new ArrayList<>();
        for (String transport : links.keySet()) {
            long p50 = samples.getOrDefault(transport, new Samples()).median();
            long p99 = samples.getOrDefault(transport, new Samples()).percentile(99);
            // One way: a message takes half a round trip.
            double rate = message.byteSize() * 2e3 / p50;
            results.add(new Result(name(), "", transport, message.byteSize(), 1, p50, p99, rate));
        }
        return results;
    }

    private static void takeTurn(Link link, MemorySegment message, int trips, Samples samples) throws IOException {
        link.command(new Link.Command(Link.Verb.ECHO, (int) message.byteSize(), trips));
        for (int trip = 0; trip < trips; trip++) {
            long begin = System.nanoTime();
            link.send(message);
            link.receive(message);
            samples.add(System.nanoTime() - begin);
        }
    }
}
