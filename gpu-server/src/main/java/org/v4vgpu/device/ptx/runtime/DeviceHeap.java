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

    // Guarded by this. Live allocations by address, to the bytes that were asked for.
    private final TreeMap<Long, Long> live = new TreeMap<>();
    private final Gaps gaps;

    private final long start;
    private final long capacityBytes;

    /** @param start of so many bytes of global memory that nothing else uses */
    public DeviceHeap(long start, long bytes) {
        this.start = start;
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

    /** Whether an address lies in the heap, be it given out or not. */
    public boolean covers(long address) {
        return address >= start && address - start < capacityBytes;
    }

    /** Whether all bytes of an access lie in what one malloc has given. */
    synchronized boolean holds(long address, int bytes) {
        Map.Entry<Long, Long> below = live.floorEntry(address);
        return below != null && bytes <= below.getKey() + below.getValue() - address;
    }

    /** Words for a fault: what malloc has given before an address in the heap. */
    public synchronized String near(long address) {
        Map.Entry<Long, Long> below = live.floorEntry(address);
        if (below == null) {
            return "in the heap of malloc, where nothing is given out";
        }
        long past = address - below.getKey() - below.getValue();
        return (past < 0 ? address - below.getKey() + " bytes into the " : past + " bytes past the end of the ")
                + below.getValue() + " bytes that malloc gave at 0x" + Long.toHexString(below.getKey());
    }

    private synchronized long allocate(long bytes) {
        if (bytes <= 0 || bytes > capacityBytes || live.size() >= MOST_LIVE) {
            return 0;
        }
        long length = length(bytes);
        long found = gaps.take(length);
        if (found == Gaps.NONE) {
            return 0;
        }
        live.put(found, bytes);
        return found;
    }

    private synchronized void release(long address) {
        Long bytes = live.remove(address);
        if (bytes == null) {
            throw new KernelFault(
                    CudaStatus.ILLEGAL_ADDRESS,
                    "free of 0x" + Long.toHexString(address) + ", which malloc has not given or free has taken back");
        }
        gaps.give(address, length(bytes));
    }

    private static long length(long bytes) {
        return bytes + ALIGNMENT - 1 & -ALIGNMENT;
    }
}
