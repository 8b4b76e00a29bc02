package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.v4vgpu.bench.link.Link;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/**
 * The poster's latency figure: a message to another process and back. Once without a pause, so that whoever can wait by spinning does;
 * once with a pause before each message that is longer than anybody spins, so that both ends sleep between messages.
 */
final class PingPong implements Experiment {
    /** The kind of results with pauses. */
    static final String SLEEPING = "sleeping";

    private static final List<Integer> SIZES = List.of(1, 8, 64, 512, 4 << 10, 32 << 10, 256 << 10, 1 << 20);
    private static final List<Integer> QUICK_SIZES = List.of(1, 64, 4 << 10, 1 << 20);
    private static final List<Integer> SLEEPING_SIZES = List.of(64, 4 << 10, 64 << 10);
    private static final List<Integer> QUICK_SLEEPING_SIZES = List.of(64);

    private static final int FEWEST_TRIPS = 10;
    private static final int MOST_TRIPS = 4000;
    private static final long SETTLING_BYTES = 8L << 20;
    private static final int SETTLING_TRIPS = 100;

    /** Beyond this a channel sends a message in pieces, so that both sides copy at the same time; the bound hands over all at once. */
    private static final int LARGEST_BOUND = 4 << 10;

    /** Longer than a balanced wait spins. */
    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(1000);

    private static final int FEWEST_SLEEPING_TRIPS = 50;

    @Override
    public String name() {
        return "pingpong";
    }

    @Override
    public String description() {
        return "a message to another process and back; 'sleeping': with a pause of "
                + TimeUnit.NANOSECONDS.toMicros(PAUSE_NANOS) + " us before each";
    }

    @Override
    public boolean isBetterPinned() {
        return true;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        List<Result> results = new ArrayList<>();
        Effort effort = laboratory.effort();
        List<Integer> sizes = effort.sizes(QUICK_SIZES, SIZES);
        List<Integer> sleepingSizes = effort.sizes(QUICK_SLEEPING_SIZES, SLEEPING_SIZES);
        Interleaving plan = effort.messagePlan();
        Map<String, Link> links = laboratory.links();
        progress.expect(sizes.size() * plan.steps(links.size() + 1) + sleepingSizes.size() * plan.steps(links.size()));
        MessageSizes bySize = new MessageSizes(links, plan, laboratory.compilers(), progress);
        try (RoundTripBound bound = new RoundTripBound()) {
            Map<String, MessageSizes.Bystander> bystanders =
                    Map.of(TwoCopyBound.KIND, message -> during -> takeTurn(bound, message, during));
            for (int size : sizes) {
                bySize.run(
                        List.of(size),
                        PingPong::takeTurn,
                        size > LARGEST_BOUND ? Map.of() : bystanders,
                        (bytes, turns) -> turns.forEach((contender, taken) -> results.add(
                                contender.equals(TwoCopyBound.KIND)
                                        ? Result.of(name(), contender, "local", bytes, 1, taken, oneWay(bytes, taken))
                                        : Result.of(name(), "", contender, bytes, 1, taken, oneWay(bytes, taken)))));
            }
        }
        bySize.run(
                sleepingSizes,
                PingPong::takeSleepingTurn,
                Map.of(),
                (bytes, turns) -> turns.forEach(
                        (transport, taken) -> results.add(Result.of(name(), SLEEPING, transport, bytes, 1, taken, 0))));
        return results;
    }

    /** A message takes half a round trip. */
    private static double oneWay(int bytes, Turns taken) {
        return bytes * 2e3 / taken.percentile(50);
    }

    private static Samples takeTurn(RoundTripBound bound, MemorySegment message, Interleaving plan) throws IOException {
        int few = few(message);
        long trips = Settling.by(plan.settlingNanos(), () -> bound.takeTurn(message, few)) / few;
        return bound.takeTurn(message, plan.repetitions(trips, FEWEST_TRIPS, MOST_TRIPS));
    }

    private static int few(MemorySegment message) {
        return (int) Math.clamp(SETTLING_BYTES / message.byteSize(), 1L, (long) SETTLING_TRIPS);
    }

    private static Samples takeTurn(Link link, MemorySegment message, Interleaving plan) throws IOException {
        int few = few(message);
        long trips = Settling.by(plan.settlingNanos(), () -> exchange(link, message, few, 0)) / few;
        return exchange(link, message, plan.repetitions(trips, FEWEST_TRIPS, MOST_TRIPS), 0);
    }

    private static Samples takeSleepingTurn(Link link, MemorySegment message, Interleaving plan) throws IOException {
        long trip = Settling.by(plan.settlingNanos(), () -> exchange(link, message, FEWEST_TRIPS, PAUSE_NANOS))
                / FEWEST_TRIPS;
        return exchange(link, message, plan.repetitions(trip, FEWEST_SLEEPING_TRIPS, MOST_TRIPS), PAUSE_NANOS);
    }

    private static Samples exchange(Link link, MemorySegment message, int trips, long pauseNanos) throws IOException {
        link.command(new Link.Command(Link.Verb.ECHO, (int) message.byteSize(), trips));
        Samples samples = new Samples();
        for (int trip = 0; trip < trips; trip++) {
            if (pauseNanos > 0) {
                LockSupport.parkNanos(pauseNanos);
            }
            long begin = System.nanoTime();
            link.send(message);
            link.receive(message);
            samples.add(System.nanoTime() - begin);
        }
        return samples;
    }
}
