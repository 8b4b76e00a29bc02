package org.v4vgpu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/**
 * What a call costs as sessions on one server grow from 1 to 64: a call of one session while the others have nothing to do, and
 * one of all of them while each calls as fast as it can; and the memory of the server's process.
 */
final class Sessions implements Experiment {
    /** One session calls, the others are idle. */
    static final String ONE = "one calls";

    /** All call at the same time; the time of a call is that of all of them divided by their number. */
    static final String ALL = "all call";

    private static final List<Integer> COUNTS = List.of(1, 2, 4, 8, 16, 32, 64);
    private static final List<Integer> QUICK_COUNTS = List.of(1, 8, 64);
    private static final int SETTLING_CALLS = 50;
    private static final int FEWEST_CALLS = 20;
    private static final int MOST_CALLS = 2000;

    /** For each session in a sample of {@link #ALL}. */
    private static final int CALLS = 100;

    private static final int MOST_SAMPLES = 20;

    @Override
    public String name() {
        return "sessions";
    }

    @Override
    public String description() {
        return "a synchronous call without payload, as sessions on one server grow";
    }

    @Override
    public boolean isBetterPinned() {
        return false;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Effort effort = laboratory.effort();
        List<Integer> counts = effort.sizes(QUICK_COUNTS, COUNTS);
        Interleaving plan = effort.plan(Interleaving.of(4, 20, 20, 1000), Interleaving.of(12, 40, 60, 4000));
        List<Result> results = new ArrayList<>();
        laboratory.endProcesses();
        Map<String, Laboratory.Server> servers = laboratory.servers();
        Map<String, Crew<Accelerator>> byTransport = new LinkedHashMap<>();
        try {
            servers.keySet().forEach(transport -> byTransport.put(transport, new Crew<>(Accelerator::close)));
            progress.expect(2 * counts.size() * plan.steps(byTransport.size()));
            for (int count : counts) {
                Interleaving here = count == counts.getFirst() ? plan.forFirst() : plan;
                for (Map.Entry<String, Laboratory.Server> server : servers.entrySet()) {
                    Crew<Accelerator> sessions =
                            byTransport.getOrDefault(server.getKey(), new Crew<>(Accelerator::close));
                    String address = server.getValue().address(server.getKey());
                    while (sessions.size() < count) {
                        sessions.add(() -> RemoteAccelerator.connect(address));
                    }
                }
                Map<String, Interleaving.Contender> one = new LinkedHashMap<>();
                Map<String, Interleaving.Contender> all = new LinkedHashMap<>();
                byTransport.forEach((transport, sessions) -> {
                    one.put(transport, during -> takeTurn(sessions, during));
                    all.put(transport, during -> takeTurnOfAll(sessions, during));
                });
                add(results, ONE, count, here.run(one, laboratory.compilers(), progress), servers);
                add(results, ALL, count, here.run(all, laboratory.compilers(), progress), servers);
            }
        } finally {
            byTransport.values().forEach(Crew::close);
        }
        return results;
    }

    private void add(
            List<Result> results,
            String kind,
            int count,
            Map<String, Turns> turns,
            Map<String, Laboratory.Server> servers)
            throws IOException {
        for (Map.Entry<String, Laboratory.Server> server : servers.entrySet()) {
            Turns taken = turns.getOrDefault(server.getKey(), new Turns());
            results.add(Result.of(name(), kind, server.getKey(), 0, count, taken, 0)
                    .withResident(server.getValue().residentBytes()));
        }
    }

    private static Samples takeTurn(Crew<Accelerator> sessions, Interleaving plan) throws IOException {
        long call = Settling.by(plan.settlingNanos(), () -> callOfFirst(sessions, SETTLING_CALLS)) / SETTLING_CALLS;
        return callOfFirst(sessions, plan.repetitions(call, FEWEST_CALLS, MOST_CALLS));
    }

    private static Samples callOfFirst(Crew<Accelerator> sessions, int calls) throws IOException {
        return sessions.first(session -> Rpc.call(session, calls));
    }

    private static Samples takeTurnOfAll(Crew<Accelerator> sessions, Interleaving plan) throws IOException {
        Crew.Work<Accelerator, Samples> calls = session -> Rpc.call(session, CALLS);
        long step = Settling.by(plan.settlingNanos(), () -> sessions.together(sessions.size(), calls));
        Samples samples = new Samples();
        for (int i = plan.repetitions(step, 1, MOST_SAMPLES); i > 0; i--) {
            long nanos = sessions.together(sessions.size(), calls);
            samples.add(Math.max(1, nanos / ((long) CALLS * sessions.size())));
        }
        return samples;
    }
}
