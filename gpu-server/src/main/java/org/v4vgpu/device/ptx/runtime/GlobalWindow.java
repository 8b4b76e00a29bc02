package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;

/**
 * Global memory as the kernels of one launch see it. Immutable, safe for any thread.
 *
 * @param map one byte per granule of 256 bytes, not 0 where memory is live
 * @param base the device address of offset 0
 * @param delta native address minus device address
 * @param starts the device addresses at which allocations begin, in order; empty unless accesses are checked to the byte
 * @param ends the addresses behind their last bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Shared, not compared: a carrier, not a value.
public record GlobalWindow(byte[] map, long base, long delta, long[] starts, long[] ends) {
    /** Whether all bytes of an access lie in one allocation. */
    boolean holds(long address, int bytes) {
        int found = Arrays.binarySearch(starts, address);
        int at = found >= 0 ? found : -found - 2;
        return at >= 0 && bytes <= ends[at] - address;
    }
}
