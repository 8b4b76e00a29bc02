package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/** cp.async: copies from global to shared memory, at once. Source: PTX ISA 9.7.9.25.3. */
public final class AsyncCopy {
    private AsyncCopy() {}

    /**
     * Copies {@code taken} bytes and fills the rest of {@code bytes} with zeroes.
     *
     * @param bytes 4, 8 or 16; both addresses are multiples of it
     */
    public static void copy(ThreadBlock block, int to, long from, int bytes, int taken) {
        if (taken < 0 || taken > bytes) {
            throw new KernelFault(
                    CudaStatus.ILLEGAL_INSTRUCTION, "cp.async takes " + taken + " bytes of a copy of " + bytes);
        }
        if ((to & (bytes - 1)) != 0) {
            throw KernelFault.misaligned(to, bytes);
        }
        int[] words = block.shared;
        long at = taken == 0 ? 0 : GlobalAccess.locate(from, bytes, block.map, block.base, block.delta);
        for (int done = 0; done < bytes; done += 4) {
            int left = taken - done;
            int word = left <= 0 ? 0 : GlobalAccess.getInt(at + done);
            words[(to + done) >> 2] = left > 0 && left < 4 ? word & ((1 << (8 * left)) - 1) : word;
        }
    }
}
