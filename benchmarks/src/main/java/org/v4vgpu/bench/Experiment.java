package org.v4vgpu.bench;

import java.io.IOException;
import java.util.List;
import org.v4vgpu.bench.result.Result;

/** What one name on the command line measures. Runs once, on one thread. */
sealed interface Experiment
        permits PingPong,
                Bandwidth,
                Aggregate,
                Rpc,
                Sessions,
                Soak,
                Launch,
                Memcpy,
                Workload,
                Allocation,
                Software,
                Trace {
    /** As on the command line and in the JSON. */
    String name();

    /** One line for the heading. */
    String description();

    /** Whether a processor of its own for each side says more than what the kernel would choose: so where each has one thread. */
    boolean isBetterPinned();

    /** Whether it belongs to what is measured when nobody has named it. */
    default boolean isPartOf(Effort effort) {
        return true;
    }

    /**
     * Measures.
     *
     * @throws IOException if a peer or the server does not start or is lost
     */
    List<Result> run(Laboratory laboratory, Progress progress) throws IOException;

    /** What a table of the results does not say of them, a line each. */
    default List<String> remarks(List<Result> results) {
        return List.of();
    }
}
