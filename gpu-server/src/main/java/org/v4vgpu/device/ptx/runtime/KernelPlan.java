package org.v4vgpu.device.ptx.runtime;

import java.util.List;
import java.util.Set;

/**
 * What it takes to run a kernel, besides its code.
 *
 * @param points the continuation k begins behind {@code points.get(k)}; 0 is the entry
 * @param intRows how many ints each thread keeps from region to region; likewise the others
 * @param uniforms how many values the threads of a block share from region to region
 * @param parameterBytes length of the parameter block
 * @param sharedBytes static shared memory
 * @param localBytes local memory per thread, stack included
 * @param operandRows how many words each thread hands to what it takes part in; at least the four of a shuffle
 * @param resultRows how many words it gets back
 * @param needs what else a launch has to bring
 */
public record KernelPlan(
        String name,
        List<SyncPoint> points,
        int intRows,
        int longRows,
        int floatRows,
        int doubleRows,
        int uniforms,
        int parameterBytes,
        int sharedBytes,
        int localBytes,
        int operandRows,
        int resultRows,
        Set<Need> needs) {

    /** What few kernels use, and is made for those only. */
    public enum Need {
        /** The memory of malloc and free. */
        HEAP,
        /** The words through which the blocks of a grid wait for each other: %envreg1 and 2. */
        WORKSPACE
    }

    /** What each thread of a block takes of the heap: its local memory and what it keeps while it waits. */
    public long threadBytes() {
        return localBytes + 4L * intRows + 8L * longRows + 4L * floatRows + 8L * doubleRows;
    }

    /** Whether threads may wait for what other blocks do. */
    boolean isSpinning() {
        for (SyncPoint point : points) { // No stream: asked several times at each launch.
            if (point.kind() == SyncPoint.Kind.SPIN) {
                return true;
            }
        }
        return false;
    }

    boolean isSynchronizing() {
        return points.size() > 1;
    }

    boolean isSynchronizingWarps() {
        for (SyncPoint point : points) {
            if (point.kind().isOfWarp()) {
                return true;
            }
        }
        return false;
    }
}
