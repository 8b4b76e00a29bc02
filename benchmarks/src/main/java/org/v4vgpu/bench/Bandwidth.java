package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The poster's bandwidth figure: messages one way, until the other process has taken the last one in. */
final class Bandwidth implements Experiment {
    private static final List<Integer> SIZES = List.of(4096, 64 * 1024, 1 << 20, 16 << 20);
    private static final List<Integer> QUICK_SIZES = List.of(4096, 1 << 20);
    private static final long BYTES_PER_TURN = 64L << 20;
    private static final int MAXIMUM_MESSAGES = 8192;
    private static final int TURNS = 15;
    private static final int QUICK_TURNS = 7;

    @Override
    public String name() {
        return "bandwidth";
    }

    @Override
    public String description() {
        return "messages one way, until the last one has arrived; times are per message";
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
        int messages = (int) Math.clamp(BYTES_PER_TURN / message.byteSize(), 1, (long) MAXIMUM_MESSAGES);
        Map<String, Samples> samples = new HashMap<>();
        int turns = laboratory.isQuick() ? QUICK_TURNS : TURNS;
        Settling.untilCompiled(laboratory.compilers(), () -> {
            for (Link link : links.values()) {
                takeTurn(link, message, messages);
            }
        });
        for (int turn = 0; turn < turns; turn++) {
            for (Map.Entry<String, Link> link : links.entrySet()) {
                Settling.by(() -> takeTurn(link.getValue(), message, messages));
                long nanos = takeTurn(link.getValue(), message, messages);
                samples.computeIfAbsent(link.getKey(), _ -> new Samples()).add(nanos);
            }
        }
        List<Result> results = new ArrayList<>();
        for (String transport : links.keySet()) {
            Samples taken = samples.getOrDefault(transport, new Samples());
            double rate = message.byteSize() * 1e3 * messages / taken.median();
            results.add(new Result(
                    name(),
                    "",
                    transport,
                    message.byteSize(),
                    1,
                    taken.median() / messages,
                    taken.percentile(99) / messages,
                    rate));
        }
        return results;
    }

    private static long takeTurn(Link link, MemorySegment message, int messages) throws IOException {
        link.command(new Link.Command(Link.Verb.SINK, (int) message.byteSize(), messages));
        long begin = System.nanoTime();
        for (int i = 0; i < messages; i++) {
            link.send(message);
        }
        Link.Command done = link.command();
        long nanos = System.nanoTime() - begin;
        if (done.verb() != Link.Verb.DONE) {
            throw new IOException("the peer answered " + done);
        }
        return nanos;
    }
}
