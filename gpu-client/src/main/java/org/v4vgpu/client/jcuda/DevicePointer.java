package org.v4vgpu.client.jcuda;

import jcuda.Pointer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/** The device memory that a JCuda pointer means: what the current context has there, or else another context. Stateless. */
final class DevicePointer {
    private DevicePointer() {}

    /** @throws CudaException INVALID_VALUE if no device memory is there, or less than {@code bytes} */
    static DeviceMemory at(RemoteContext context, Pointer pointer, long bytes) {
        return at(context, HostPointer.address(pointer), bytes);
    }

    static DeviceMemory at(RemoteContext context, long address, long bytes) {
        DeviceMemory memory = whole(context, address);
        return memory.slice(address - memory.address(), bytes);
    }

    /** The allocation or variable that the address lies in. */
    static DeviceMemory whole(RemoteContext context, long address) {
        DeviceMemory memory = find(context, address);
        if (memory == null) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "no device memory at 0x" + Long.toHexString(address) + ", or freed before");
        }
        return memory;
    }

    static @Nullable DeviceMemory find(RemoteContext context, long address) {
        DeviceMemory memory = context.memoryAt(address);
        if (memory == null) {
            memory = context.device().memoryAt(address);
        }
        if (memory == null) {
            for (RemoteDevice device : Gpu.initialized().devices()) {
                if (memory == null) {
                    memory = device.memoryAt(address);
                }
            }
        }
        return memory;
    }

    /** Frees an allocation, or managed memory, by its first address. */
    static void free(RemoteContext context, Pointer pointer) {
        if (!MirroredMemory.free(pointer, true)) {
            allocation(context, pointer).close();
        }
    }

    /** The allocation whose first address this is. @throws CudaException INVALID_VALUE if it is none */
    static DeviceMemory allocation(RemoteContext context, Pointer pointer) {
        long address = HostPointer.address(pointer);
        DeviceMemory memory = whole(context, address);
        if (memory.address() != address || !memory.isAllocation()) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "0x" + Long.toHexString(address) + " is not the beginning of an allocation");
        }
        return memory;
    }
}
