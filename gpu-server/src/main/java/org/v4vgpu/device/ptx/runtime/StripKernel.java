package org.v4vgpu.device.ptx.runtime;

/**
 * A kernel in the form in which strips of threads run as vectors; some of its regions, or all, in two ways: one for strips whose
 * coordinates compare alike, which goes over to the other one where they don't. A block runs so from its beginning until a strip gives up or a region
 * comes that has no such form; from then on its threads run singly, since those of a strip may have parted. Safe for any thread.
 */
public abstract class StripKernel extends CompiledKernel {
    /** The same kernel, a thread after the other. */
    public final CompiledKernel single;

    /** Of a strip. */
    private final int threads;

    protected StripKernel(CompiledKernel single, int threads) {
        this.single = single;
        this.threads = threads;
    }

    @Override
    public final int run(int entry, ThreadBlock block, int from, int to, int expected) {
        if (!block.inStrips || (from | to) % threads != 0) {
            return runSingly(entry, block, from, to, expected);
        }
        return block.inParts ? runParts(entry, block, from, to, expected) : runStrips(entry, block, from, to, expected);
    }

    protected abstract int runStrips(int entry, ThreadBlock block, int from, int to, int expected);

    /** The same where threads may have parted by their coordinates, or may do so. */
    protected abstract int runParts(int entry, ThreadBlock block, int from, int to, int expected);

    protected final int runSingly(int entry, ThreadBlock block, int from, int to, int expected) {
        block.leaveStrips();
        block.part();
        return single.run(entry, block, from, to, expected);
    }
}
