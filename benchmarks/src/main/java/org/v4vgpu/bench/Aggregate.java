package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.link.Link;
import org.v4vgpu.bench.link.Transport;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/**
 * The poster's aggregate throughput: 1 to 16 pairs of threads of two processes, each sending messages of 1 MiB one way at the same time,
 * and in the same run the bandwidth at which all cores copy memory.
 */
final class Aggregate implements Experiment {
    private static final List<Integer> PAIRS = List.of(1, 2, 4, 8, 16);
    private static final List<Integer> QUICK_PAIRS = List.of(1, 4, 16);
    private static final List<Transport> QUICK_TRANSPORTS =
            List.of(Transport.V4V, Transport.TCP, Transport.TCP_BRIDGE, Transport.UDS);

    /** Not Aeron: each of its links here brings a media driver of its own. */
    private static final List<Transport> TRANSPORTS = List.of(
            Transport.V4V,
            Transport.V4V_NETTY,
            Transport.TCP,
            Transport.TCP_NETTY,
            Transport.TCP_BRIDGE,
            Transport.UDS);

    private static final int MESSAGE_BYTES = 1 << 20;
    private static final long BYTES_AT_A_TIME = 128L << 20;
    private static final long SMOKE_BYTES_AT_A_TIME = 16L << 20;
    private static final long SMOKE_ARRAY_BYTES = 64L << 20;
    private static final int MOST_SAMPLES = 5;

    /** What a thread sends, and over which link. */
    private record Sender(Link link, MemorySegment message) {}

    @Override
    public String name() {
        return "aggregate";
    }

    @Override
    public String description() {
        return "1 MiB messages one way over several pairs at the same time; times are per message of all";
    }

    @Override
    public boolean isBetterPinned() {
        return false;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Effort effort = laboratory.effort();
        List<Integer> pairs = effort.sizes(QUICK_PAIRS, PAIRS);
        long bytes = effort == Effort.SMOKE ? SMOKE_BYTES_AT_A_TIME : BYTES_AT_A_TIME;
        List<Transport> transports = laboratory.available(effort == Effort.QUICK ? QUICK_TRANSPORTS : TRANSPORTS);
        Interleaving plan = effort.messagePlan();
        progress.expect(pairs.size() * plan.steps(transports.size()) + plan.steps(1));
        List<Result> results = new ArrayList<>();
        laboratory.endProcesses();
        results.add(copyBandwidth(laboratory, plan, progress));
        Map<String, Crew<Sender>> threads = new LinkedHashMap<>();
        try {
            for (Map.Entry<Transport, List<String>> peer :
                    laboratory.peers(transports, pairs.getLast()).entrySet()) {
                Transport transport = peer.getKey();
                Crew<Sender> crew = new Crew<>(sender -> sender.link.close());
                threads.put(transport.label(), crew);
                for (String address : peer.getValue()) {
                    crew.add(() -> new Sender(
                            laboratory.connect(transport, address),
                            Arena.ofAuto().allocate(MESSAGE_BYTES, 4096)));
                }
            }
            for (int count : pairs) {
                Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
                threads.forEach((transport, paired) ->
                        contenders.put(transport, during -> takeTurn(paired, count, bytes, during)));
                plan.run(contenders, laboratory.compilers(), progress)
                        .forEach((transport, turns) -> results.add(Result.of(
                                name(),
                                "",
                                transport,
                                MESSAGE_BYTES,
                                count,
                                turns,
                                MESSAGE_BYTES * 1e3 / turns.percentile(50))));
            }
        } finally {
            threads.values().forEach(Crew::close);
        }
        return results;
    }

    private static Samples takeTurn(Crew<Sender> threads, int pairs, long bytes, Interleaving plan) throws IOException {
        int messages = (int) (bytes / MESSAGE_BYTES / pairs);
        Crew.Work<Sender, Long> work = sender -> Bandwidth.send(sender.link, sender.message, messages);
        long step = Settling.by(plan.settlingNanos(), () -> threads.together(pairs, work));
        Samples samples = new Samples();
        for (int i = plan.repetitions(step, 1, MOST_SAMPLES); i > 0; i--) {
            samples.add(threads.together(pairs, work) / ((long) messages * pairs));
        }
        return samples;
    }

    private Result copyBandwidth(Laboratory laboratory, Interleaving plan, Progress progress) throws IOException {
        try (CopyBandwidth copying =
                new CopyBandwidth(laboratory.effort() == Effort.SMOKE ? SMOKE_ARRAY_BYTES : Long.MAX_VALUE)) {
            Map<String, Turns> turns = plan.run(
                    Map.of(CopyBandwidth.KIND, _ -> {
                        Samples samples = new Samples();
                        samples.add(copying.copyOnce());
                        return samples;
                    }),
                    laboratory.compilers(),
                    progress);
            Turns taken = turns.getOrDefault(CopyBandwidth.KIND, new Turns());
            return Result.of(
                    name(),
                    CopyBandwidth.KIND,
                    "local",
                    copying.byteSize(),
                    copying.cores(),
                    taken,
                    copying.byteSize() * 1e3 / taken.percentile(50));
        }
    }
}
