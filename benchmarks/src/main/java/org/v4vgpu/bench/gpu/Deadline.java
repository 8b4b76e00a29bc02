package org.v4vgpu.bench.gpu;

import java.util.concurrent.TimeUnit;

/**
 * When a step is to be over. Immutable.
 *
 * @param seconds how long it has from its beginning
 */
record Deadline(long nanoTime, long seconds) {
    /** From now on; never later than another one. */
    static Deadline in(long seconds, Deadline latest) {
        long own = Math.min(seconds, Math.max(0, latest.leftMillis() / 1000));
        return new Deadline(System.nanoTime() + TimeUnit.SECONDS.toNanos(own), own);
    }

    static Deadline in(long seconds) {
        return new Deadline(System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds), seconds);
    }

    long leftMillis() {
        return Math.max(0, TimeUnit.NANOSECONDS.toMillis(nanoTime - System.nanoTime()));
    }
}
