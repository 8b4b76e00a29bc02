package org.v4vgpu.device.ptx.runtime;

/**
 * The code of one kernel: a region runs the threads of a range from one synchronising instruction to the next. Generated classes
 * extend this; they hold no state. Safe for any thread.
 */
public abstract class CompiledKernel {
    /** Program counter of a thread that has ended. */
    public static final int EXITED = Integer.MAX_VALUE;

    /** What {@link #run} answers when the threads ended at different points. */
    public static final int MIXED = Integer.MIN_VALUE;

    /**
     * Runs, one after the other, the threads {@code from .. to - 1} whose program counter is {@code expected}, from continuation
     * {@code entry} on. A thread that stops at synchronising point k leaves {@code ~k} as its program counter, one that merely
     * changes method leaves {@code k}.
     *
     * @return the program counter that all these threads now have, or {@link #MIXED}
     */
    public abstract int run(int entry, ThreadBlock block, int from, int to, int expected);

    /**
     * A block begins that runs to its end without pause.
     *
     * @return whether {@link #run} may go on with those that follow it in its row, {@link ThreadBlock#following} of them at most
     */
    boolean begin(ThreadBlock block) {
        return false;
    }

    /** The block has ended, and not by a fault, and with it the {@code blocks} that {@link #run} has run. */
    void end(ThreadBlock block, int blocks) {}

    /** The block has ended by a fault, or was cancelled. */
    void broke(ThreadBlock block) {}
}
