package org.v4vgpu.device.software;

import org.v4vgpu.device.KernelStatistics;
import org.v4vgpu.device.LaunchShape;

/** Counts the launches of one kernel, in whichever contexts its module is loaded. Safe for any thread. */
final class KernelCounter {
    private final String name;
    private final String module;
    private final int registers;
    private final int textInstructions;

    // Guarded by this.
    private long launches;
    private long totalNanos;
    private long shortestNanos = Long.MAX_VALUE;
    private long longestNanos;
    private long blocks;
    private long threads;

    KernelCounter(String name, String module, int registers, int textInstructions) {
        this.name = name;
        this.module = module;
        this.registers = registers;
        this.textInstructions = textInstructions;
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
                module,
                launches,
                totalNanos,
                launches == 0 ? 0 : shortestNanos,
                longestNanos,
                blocks,
                threads,
                registers,
                textInstructions);
    }
}
