package org.v4vgpu.stencil.program;

import java.util.Map;

/** One of the two measured jobs, set up on a device. Confined to the thread that opened the device. */
sealed interface Workload permits MatrixProduct, HeatStencil {
    /**
     * Runs the job once, from its inputs in this program's memory to its result in this program's memory.
     *
     * @return microseconds by stage, in the order in which they ran, and {@code total}
     */
    Map<String, Double> repeat();

    /** Makes the job's copies, in and out, and nothing else: cheap to repeat until the JVMs on both sides have compiled them. */
    void copy();

    /** What the last repetition brought back. Owned by the workload. */
    float[] result();

    /** Computes the job on the CPU and compares the last result with it. */
    Verdict verify();

    /**
     * The outcome of a comparison.
     *
     * @param maximumError the largest absolute difference; NaN or infinite if an element is
     * @param tolerance the largest difference that rounding explains, where it is the same for all elements; otherwise that of
     *     the element which came closest to its own
     */
    record Verdict(boolean verified, double maximumError, double tolerance) {}
}
