package org.v4vgpu.device.software;

import org.v4vgpu.device.KernelStatistics;
import org.v4vgpu.device.LaunchShape;

/** Counts the launches of the kernels of one name. Safe for any thread. */
final class KernelCounter {
    private final String name;
    private final int registers;
    private final int instructions;

    // Guarded by this.
    private long launches;
    private long totalNanos;
    private long shortestNanos = Long.MAX_VALUE;
    private long longestNanos;
    private long blocks;
    private long threads;

    KernelCounter(String name, int registers, int instructions) {
        this.name = name;
        this.registers = registers;
        this.instructions = instructions;
    }

    synchronized void count(long nanos, LaunchShape shape) {
        launches++;
        totalNanos += nanos;
        shortestNanos = Math.min(shortestNanos, nanos);
        longestNanos = Math.max(longestNanos, nanos);
        blocks += shape.blocks();
        threads += shape.blocks() * shape.threadsPerBlock();
    }

    synchronized KernelStatistics statistics() {
        return new KernelStatistics(
                name,
                launches,
                totalNanos,
                launches == 0 ? 0 : shortestNanos,
                longestNanos,
                blocks,
                threads,
                registers,
                instructions);
    }
}
