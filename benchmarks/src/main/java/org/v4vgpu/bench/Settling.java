package org.v4vgpu.bench;

import java.io.IOException;

/**
 * Lets a contender run for a while before its turn counts. The kernel places threads by how they wait for one another: those
 * that sleep are drawn to one processor, those that spin are spread. Without this a turn would be measured on the placement
 * that the other transport's turn has left. Safe for any thread.
 */
final class Settling {
    private Settling() {}

    /** Something to repeat. */
    interface Step {
        void run() throws IOException;
    }

    /** Repeats a step, at least once, until the time is over; gives the mean time of a step. */
    static long by(long nanos, Step step) throws IOException {
        long begin = System.nanoTime();
        long steps = 0;
        long now;
        do {
            step.run();
            steps++;
            now = System.nanoTime();
        } while (now - begin < nanos);
        return Math.max(1, (now - begin) / steps);
    }
}
