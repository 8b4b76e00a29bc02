package org.v4vgpu.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Lets a transport run for a while before its turn counts. The kernel places threads by how they wait for one another: those
 * that sleep are drawn to one processor, those that spin are spread. Without this a turn would be measured on the placement
 * that the other transport's turn has left. Safe for any thread.
 */
final class Settling {
    /** Some rounds of the kernel's load balancing. */
    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(40);

    private Settling() {}

    /** Something to repeat. */
    interface Step {
        void run() throws IOException;
    }

    /** Repeats a step, at least once, until the time is over. */
    static void by(Step step) throws IOException {
        long begin = System.nanoTime();
        do {
            step.run();
        } while (System.nanoTime() - begin < NANOS);
    }
}
