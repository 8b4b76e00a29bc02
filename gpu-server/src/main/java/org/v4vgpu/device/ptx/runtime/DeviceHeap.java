package org.v4vgpu.device.ptx.runtime;

import java.util.Map;
import java.util.TreeMap;
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

    // Guarded by this. By address, to length.
    private final TreeMap<Long, Long> live = new TreeMap<>();
    private final TreeMap<Long, Long> gaps = new TreeMap<>();

    private final long capacityBytes;

    /** @param start of so many bytes of global memory that nothing else uses */
    public DeviceHeap(long start, long bytes) {
        capacityBytes = bytes;
        gaps.put(start, bytes);
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
        for (Map.Entry<Long, Long> gap : gaps.entrySet()) {
            if (gap.getValue() >= length) {
                return take(gap.getKey(), gap.getValue(), length);
            }
        }
        return 0;
    }

    private long take(long start, long gap, long length) {
        gaps.remove(start);
        if (gap > length) {
            gaps.put(start + length, gap - length);
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
        long start = address;
        long total = length;
        Map.Entry<Long, Long> before = gaps.lowerEntry(start);
        if (before != null && before.getKey() + before.getValue() == start) {
            gaps.remove(before.getKey());
            start = before.getKey();
            total += before.getValue();
        }
        Long after = gaps.remove(address + length);
        gaps.put(start, after == null ? total : total + after);
    }
}
