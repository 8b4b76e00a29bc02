package org.v4vgpu.bench;

import java.io.IOException;
import java.nio.file.Path;

/** One workload of one size on one device, with its memory. Confined to one thread. */
interface Job extends AutoCloseable {
    /**
     * What a run took.
     *
     * @param inputNanos one input to the device
     * @param copiesNanos all copies
     * @param kernelNanos from the launch until a synchronize after it has returned
     */
    record Times(long inputNanos, long copiesNanos, long kernelNanos) {}

    /** Makes a job. */
    interface Maker {
        Job make(Path root, Accelerator accelerator, int size) throws IOException;
    }

    /** Copies in, computes, copies out. */
    Times run() throws IOException;

    /**
     * Compares the last run's result with a computation on the CPU.
     *
     * @throws IllegalStateException if it is wrong
     */
    void verify();

    @Override
    void close();
}
