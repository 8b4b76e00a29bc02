package org.v4vgpu.device.ptx.runtime;

/**
 * What the 32 lanes of a warp do together to matrices that are spread over their registers. Operands and results are words in the
 * block's rows; the row of the mask lies among the operands'. Immutable. Source: PTX ISA 9.7.15.
 */
public sealed interface WarpOperation permits MatrixMove, MatrixFragment, MatrixProduct {
    /**
     * Takes the operands of the threads from {@code first} on and leaves their results.
     *
     * @param line of the instruction, for what watches accesses
     */
    void run(ThreadBlock block, int first, int line);

    /** The n-th word that a thread hands over. */
    static int operand(ThreadBlock block, int word, int thread) {
        return block.operands[word < 3 ? word : word + 1][thread];
    }

    /** The word n and the one behind it. */
    static long wideOperand(ThreadBlock block, int word, int thread) {
        return (operand(block, word, thread) & 0xFFFF_FFFFL) | (long) operand(block, word + 1, thread) << 32;
    }

    static void result(ThreadBlock block, int word, int thread, int value) {
        block.results[word][thread] = value;
    }

    static void wideResult(ThreadBlock block, int word, int thread, long value) {
        block.results[word][thread] = (int) value;
        block.results[word + 1][thread] = (int) (value >>> 32);
    }
}
