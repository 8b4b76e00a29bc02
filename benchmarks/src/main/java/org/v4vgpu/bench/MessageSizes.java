package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.link.Link;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/** Measures an exchange of messages over every link, size by size. One thread uses it. */
final class MessageSizes {
    private final Map<String, Link> links;
    private final Interleaving plan;
    private final Compilers compilers;
    private final Progress progress;
    private boolean isCompiled;

    MessageSizes(Map<String, Link> links, Interleaving plan, Compilers compilers, Progress progress) {
        this.links = links;
        this.plan = plan;
        this.compilers = compilers;
        this.progress = progress;
    }

    /** A turn of one link. */
    interface Exchange {
        Samples takeTurn(Link link, MemorySegment message, Interleaving plan) throws IOException;
    }

    /** What becomes of one size: turns by transport, and the message's memory, of which others may want to take turns, too. */
    interface Outcome {
        void take(int bytes, Map<String, Turns> turns);
    }

    /** Somebody who takes turns with the links, given the message. */
    interface Bystander {
        Interleaving.Contender with(MemorySegment message);
    }

    void run(List<Integer> sizes, Exchange exchange, Map<String, Bystander> bystanders, Outcome outcome)
            throws IOException {
        for (int bytes : sizes) {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment message = arena.allocate(bytes, 4096);
                Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
                links.forEach((transport, link) ->
                        contenders.put(transport, during -> exchange.takeTurn(link, message, during)));
                bystanders.forEach((name, bystander) -> contenders.put(name, bystander.with(message)));
                outcome.take(bytes, (isCompiled ? plan : plan.forFirst()).run(contenders, compilers, progress));
                isCompiled = true;
            }
        }
    }
}
