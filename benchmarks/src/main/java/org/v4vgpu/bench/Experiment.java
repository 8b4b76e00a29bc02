package org.v4vgpu.bench;

import java.io.IOException;
import java.util.List;

/** What one name on the command line measures. Runs once, on one thread. */
sealed interface Experiment permits PingPong, Bandwidth, Rpc, Memcpy {
    /** All that are built, in the order in which they run. */
    List<Experiment> ALL = List.of(new PingPong(), new Bandwidth(), new Rpc(), new Memcpy());

    /** As on the command line and in the JSON. */
    String name();

    /** One line for the heading. */
    String description();

    /**
     * Measures.
     *
     * @throws IOException if a peer or the server does not start or is lost
     */
    List<Result> run(Laboratory laboratory) throws IOException;
}
