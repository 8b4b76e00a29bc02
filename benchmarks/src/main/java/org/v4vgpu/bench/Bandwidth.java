package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.link.Link;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;

/**
 * The poster's bandwidth figure: messages one way, until the other process has taken the last one in; and in the same turns the two-copy
 * bound.
 */
final class Bandwidth implements Experiment {
    private static final List<Integer> SIZES =
            List.of(64, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20);
    private static final List<Integer> QUICK_SIZES = List.of(1 << 10, 16 << 10, 1 << 20, 16 << 20);

    /** From this size on the bound is measured: it is one of copies, not of hand-overs. */
    private static final int SMALLEST_BOUND = 64 << 10;

    private static final long BYTES_AT_A_TIME = 64L << 20;
    private static final int MOST_MESSAGES = 8192;
    private static final int MOST_SAMPLES = 5;
    private static final int BOUND_SAMPLES = 1;

    @Override
    public String name() {
        return "bandwidth";
    }

    @Override
    public String description() {
        return "messages one way, until the last one has arrived; times are per message";
    }

    @Override
    public boolean isBetterPinned() {
        return true;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        List<Result> results = new ArrayList<>();
        List<Integer> sizes = laboratory.effort().sizes(QUICK_SIZES, SIZES);
        Interleaving plan = laboratory.effort().messagePlan();
        Map<String, Link> links = laboratory.links();
        progress.expect(sizes.size() * plan.steps(links.size() + 1));
        try (TwoCopyBound bound = new TwoCopyBound();
                Arena arena = Arena.ofShared()) {
            MemorySegment destination = arena.allocate(sizes.getLast(), 4096);
            Map<String, MessageSizes.Bystander> bystanders = Map.of(
                    TwoCopyBound.KIND,
                    message -> _ -> bound.takeTurn(
                            message,
                            destination.asSlice(0, message.byteSize()),
                            messages(message.byteSize()),
                            BOUND_SAMPLES));
            MessageSizes bySize = new MessageSizes(links, plan, laboratory.compilers(), progress);
            for (int bytes : sizes) {
                bySize.run(
                        List.of(bytes),
                        Bandwidth::takeTurn,
                        bytes < SMALLEST_BOUND ? Map.of() : bystanders,
                        (size, turns) -> turns.forEach((contender, taken) -> results.add(
                                contender.equals(TwoCopyBound.KIND)
                                        ? Result.ofTransfer(name(), contender, "local", size, taken)
                                        : Result.ofTransfer(name(), "", contender, size, taken))));
            }
        }
        return results;
    }

    private static int messages(long bytes) {
        return (int) Math.clamp(BYTES_AT_A_TIME / bytes, 1, (long) MOST_MESSAGES);
    }

    private static Samples takeTurn(Link link, MemorySegment message, Interleaving plan) throws IOException {
        int messages = messages(message.byteSize());
        long step = Settling.by(plan.settlingNanos(), () -> send(link, message, messages));
        Samples samples = new Samples();
        for (int i = plan.repetitions(step, 1, MOST_SAMPLES); i > 0; i--) {
            samples.add(Math.max(1, send(link, message, messages) / messages));
        }
        return samples;
    }

    /** Gives the time from before the first message until the peer has said that it has all of them. */
    static long send(Link link, MemorySegment message, int messages) throws IOException {
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
