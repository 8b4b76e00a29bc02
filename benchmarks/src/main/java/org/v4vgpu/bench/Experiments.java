package org.v4vgpu.bench;

import java.util.List;

/** The experiments that there are. */
final class Experiments {
    /** All that are built, in the order in which they run: those that need the same processes follow one another. */
    static final List<Experiment> ALL = List.of(
            new PingPong(),
            new Bandwidth(),
            new Allocation(),
            new Rpc(),
            new Memcpy(),
            new Launch(),
            Workload.matmul(),
            Workload.stencil(),
            new Aggregate(),
            new Trace(),
            new Sessions(),
            new Software(),
            new Soak());

    private Experiments() {}
}
