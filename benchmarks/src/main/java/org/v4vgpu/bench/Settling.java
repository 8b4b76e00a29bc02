package org.v4vgpu.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Lets things run for a while before they count: code until it is compiled, a transport until the kernel has placed its threads.
 * The kernel places threads by how they wait for one another: those that sleep are drawn to one processor, those that spin are
 * spread. Without this a turn would be measured on the placement that the other transport's turn has left. Safe for any thread.
 */
final class Settling {
    /** Some rounds of the kernel's load balancing. */
    private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(40);

    /** A time of work in which compilers that have nothing left to do stay idle. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

    /** As long as that compilers may be busy; then it is measured beside them. */
    private static final long COMPILE_NANOS = TimeUnit.SECONDS.toNanos(8);

    private static final int QUIET_TICKS = 1;

    private Settling() {}

    /** Something to repeat. */
    interface Step {
        void run() throws IOException;
    }

    /** Repeats a step, at least once, until the time is over. */
    static void by(Step step) throws IOException {
        by(step, NANOS);
    }

    /** Repeats a step until the compilers of both sides have nothing left to do. */
    static void untilCompiled(Compilers compilers, Step step) throws IOException {
        long begin = System.nanoTime();
        long before;
        do {
            before = compilers.ticks();
            by(step, QUIET_NANOS);
        } while (compilers.ticks() - before > QUIET_TICKS && System.nanoTime() - begin < COMPILE_NANOS);
    }

    private static void by(Step step, long nanos) throws IOException {
        long begin = System.nanoTime();
        do {
            step.run();
        } while (System.nanoTime() - begin < nanos);
    }
}
