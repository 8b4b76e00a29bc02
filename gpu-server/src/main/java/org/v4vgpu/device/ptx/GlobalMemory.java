package org.v4vgpu.device.ptx;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * The global memory of one context: an address space with an allocator, and the check that every access of a kernel makes. Safe
 * for any thread.
 */
public final class GlobalMemory implements AutoCloseable {
    private GlobalMemory() {}

    /** Reserves an address space; memory is committed as it is allocated. */
    public static GlobalMemory reserve(long capacityBytes) {
        return new GlobalMemory();
    }

    /** Allocates {@code bytes} > 0, aligned to 256, zeroed. */
    public long allocate(long bytes) throws DeviceException {
        throw new DeviceException(CudaStatus.OUT_OF_MEMORY, "no memory");
    }

    /** Frees an allocation by its first address; INVALID_VALUE for anything else. */
    public void free(long address) throws DeviceException {
        throw new DeviceException(CudaStatus.INVALID_VALUE, "no allocation at " + address);
    }

    /** Checks that the range lies inside one live allocation; INVALID_VALUE, naming range and nearest allocation, if not. */
    public void check(long address, long bytes) throws DeviceException {
        throw new DeviceException(CudaStatus.INVALID_VALUE, "no allocation at " + address);
    }

    /** The bytes of a range, checked as {@link #check}. Valid until the memory is closed. */
    public MemorySegment segment(long address, long bytes) throws DeviceException {
        check(address, bytes);
        return MemorySegment.NULL;
    }

    /** Bytes allocated. */
    public long usedBytes() {
        return 0;
    }

    /** Unmaps everything. The caller sees to it that no kernel runs. Idempotent. */
    @Override
    public void close() {}
}
