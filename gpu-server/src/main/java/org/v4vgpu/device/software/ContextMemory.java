package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.CompiledModule;
import org.v4vgpu.device.ptx.GlobalMemory;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.device.ptx.LoadedModule;
import org.v4vgpu.proto.CudaStatus;

/**
 * A context's device memory, and its share of the device's. Safe for any thread.
 *
 * <p>A free has two steps: {@link #retire} at once, after which the address is nobody's, and {@link #free} when all work that may use
 * it is done.
 */
final class ContextMemory {
    /** What GlobalMemory rounds allocations to. */
    private static final long GRANULE = 256;

    private final SoftwareDevice device;
    private final GlobalMemory memory;

    /** Freed by the program, still used by work enqueued before, by address. Nearly always empty. */
    private final ConcurrentSkipListMap<Long, Retired> retired = new ConcurrentSkipListMap<>();

    // Guarded by this: the program's own allocations, address to length, and the bytes charged to the device.
    private final Map<Long, Long> allocations = new HashMap<>();
    private long chargedBytes;
    private boolean closed;

    /** An allocation between the two steps of its free. */
    private record Retired(long bytes, long sinceNanos) {}

    ContextMemory(SoftwareDevice device) throws DeviceException {
        this.device = device;
        try {
            this.memory = GlobalMemory.reserve(device.totalBytes());
        } catch (IllegalStateException e) {
            throw new DeviceException(CudaStatus.OUT_OF_MEMORY, "no address space for one more context", e);
        }
    }

    synchronized long allocate(long bytes) throws DeviceException {
        requireOpen();
        if (bytes == 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "allocation of 0 bytes");
        }
        if (bytes < 0 || bytes > device.totalBytes()) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY,
                    Long.toUnsignedString(bytes) + " bytes wanted of a device with " + device.totalBytes());
        }
        charge((bytes + GRANULE - 1) & -GRANULE);
        try {
            long address = memory.allocate(bytes);
            allocations.put(address, bytes);
            return address;
        } finally {
            settle();
        }
    }

    /** Whether an allocation has been between the two steps of its free since a moment, or for longer. */
    boolean isFreeing(long untilNanos) {
        for (Retired each : retired.values()) {
            if (each.sinceNanos - untilNanos <= 0) {
                return true;
            }
        }
        return false;
    }

    synchronized long usedBytes() {
        return closed ? 0 : memory.usedBytes();
    }

    /** The first step of a free: INVALID_VALUE if no allocation of the program begins at the address. */
    synchronized void retire(long address) throws DeviceException {
        requireOpen();
        Long bytes = allocations.remove(address);
        if (bytes == null) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "free of 0x" + Long.toHexString(address) + ", no allocation begins there");
        }
        retired.put(address, new Retired(bytes, System.nanoTime()));
    }

    /** The second step of a free. */
    synchronized void free(long address) throws DeviceException {
        if (!closed) {
            memory.free(address);
            settle();
            retired.remove(address); // last: who sees that nothing is being freed finds it free
        }
    }

    /** The bytes of a range inside one live allocation or module variable; INVALID_VALUE for any other. */
    MemorySegment segment(long address, long bytes) throws DeviceException {
        MemorySegment segment = memory.segment(address, bytes);
        if (!retired.isEmpty()) {
            Map.@Nullable Entry<Long, Retired> freed = retired.floorEntry(address);
            if (freed != null && address - freed.getKey() < freed.getValue().bytes) {
                throw new DeviceException(
                        CudaStatus.INVALID_VALUE,
                        "range 0x" + Long.toHexString(address) + " + " + bytes + " bytes is in freed memory");
            }
        }
        return segment;
    }

    /** Sets the size of the heap of malloc. @throws DeviceException INVALID_VALUE if it is there already */
    synchronized void resizeHeap(long bytes) throws DeviceException {
        requireOpen();
        memory.resizeHeap(bytes);
    }

    /** As {@link Kernel#reserve}, within what the device has. */
    synchronized long reserve(Kernel kernel) throws DeviceException {
        requireOpen();
        long bytes = kernel.bytesToReserve();
        if (bytes == 0) {
            return 0;
        }
        charge(bytes);
        try {
            return kernel.reserve();
        } finally {
            settle();
        }
    }

    synchronized LoadedModule load(CompiledModule module) throws DeviceException {
        requireOpen();
        LoadedModule loaded = module.load(memory);
        try {
            long grown = memory.usedBytes() - chargedBytes;
            charge(grown);
        } catch (DeviceException e) {
            loaded.close();
            throw e;
        } finally {
            settle();
        }
        return loaded;
    }

    synchronized void unload(LoadedModule module) {
        if (!closed) {
            module.close();
            settle();
        }
    }

    /** Unmaps everything. No work may use it any more. */
    synchronized void close() {
        closed = true;
        memory.close();
        allocations.clear();
        retired.clear();
        device.refund(chargedBytes);
        chargedBytes = 0;
    }

    private void charge(long bytes) throws DeviceException {
        device.charge(bytes);
        chargedBytes += bytes;
    }

    /** Charges what is in use, no more and no less. */
    private void settle() {
        long surplus = chargedBytes - memory.usedBytes();
        device.refund(surplus);
        chargedBytes -= surplus;
    }

    private void requireOpen() throws DeviceException {
        if (closed) {
            throw new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, "the context is closed");
        }
    }
}
