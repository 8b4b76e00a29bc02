package org.v4vgpu.device;

/**
 * What a device has seen of the kernels of one name since it was opened.
 *
 * @param launches that have ended, in whichever way
 * @param threads of all launches together; likewise the blocks
 * @param registers that each thread has, as CU_FUNC_ATTRIBUTE_NUM_REGS
 * @param instructions of the kernel's text, not of its run
 */
public record KernelStatistics(
        String name,
        long launches,
        long totalNanos,
        long shortestNanos,
        long longestNanos,
        long blocks,
        long threads,
        int registers,
        int instructions) {}
