package org.v4vgpu.device.ptx.runtime;

import java.util.HashMap;
import java.util.Map;
import org.v4vgpu.proto.CudaStatus;

/**
 * The heap of malloc and free in kernels: a part of a context's global memory that outlives launches. Aligned to 16 bytes. Safe for
 * any thread. Source: CUDA C++ programming guide, dynamic global memory allocation.
 */
public final class DeviceHeap {
    /** Source: the default of CU_LIMIT_MALLOC_HEAP_SIZE. */
    public static final long DEFAULT_BYTES = 8L << 20;

    /** What a client may make of our own heap: each costs an entry there. */
    private static final int MOST_LIVE = 1 << 19;

    private static final long ALIGNMENT = 16;

    // Guarded by this. Live allocations by address, to length.
    private final Map<Long, Long> live = new HashMap<>();
    private final Gaps gaps;

    private final long capacityBytes;

    /** @param start of so many bytes of global memory that nothing else uses */
    public DeviceHeap(long start, long bytes) {
        capacityBytes = bytes;
        gaps = new Gaps(start, bytes);
    }

    /** The extern function malloc: 0 where no room is left. */
    public static long malloc(ThreadBlock block, int localBase, long bytes) {
        return block.heap().allocate(bytes);
    }

    /** The extern function free. */
    public static void free(ThreadBlock block, int localBase, long address) {
        if (address != 0) {
            block.heap().release(address);
        }
    }

    private synchronized long allocate(long bytes) {
        if (bytes <= 0 || bytes > capacityBytes || live.size() >= MOST_LIVE) {
            return 0;
        }
        long length = bytes + ALIGNMENT - 1 & -ALIGNMENT;
        long start = gaps.take(length);
        if (start == Gaps.NONE) {
            return 0;
        }
        live.put(start, length);
        return start;
    }

    private synchronized void release(long address) {
        Long length = live.remove(address);
        if (length == null) {
            throw new KernelFault(
                    CudaStatus.ILLEGAL_ADDRESS,
                    "free of 0x" + Long.toHexString(address) + ", which malloc has not given or free has taken back");
        }
        gaps.give(address, length);
    }
}
