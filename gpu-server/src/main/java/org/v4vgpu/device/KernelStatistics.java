package org.v4vgpu.device;

/**
 * What a device has seen of one kernel since it was opened, whoever has loaded its module.
 *
 * @param module tells modules apart: those of the same text have the same; may be empty
 * @param launches that have ended, in whichever way
 * @param threads of all launches together; likewise the blocks
 * @param registers that each thread has, as CU_FUNC_ATTRIBUTE_NUM_REGS
 * @param textInstructions that the kernel's text has, without the functions that it calls; how many were executed is not counted
 */
public record KernelStatistics(
        String name,
        String module,
        long launches,
        long totalNanos,
        long shortestNanos,
        long longestNanos,
        long blocks,
        long threads,
        int registers,
        int textInstructions) {}
