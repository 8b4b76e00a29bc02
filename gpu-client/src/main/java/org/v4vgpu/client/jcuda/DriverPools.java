package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmemAllocationType;
import jcuda.driver.CUmemLocation;
import jcuda.driver.CUmemLocationType;
import jcuda.driver.CUmemPoolProps;
import jcuda.driver.CUmemoryPool;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/**
 * Stream-ordered allocation and its pools. Safe for any thread.
 *
 * <p>An allocation is made at once, which is earlier than its stream would have it; what is freed goes back to the device when all
 * work that was issued before is done. So pools hold nothing back.
 */
final class DriverPools {
    private DriverPools() {}

    /** A pool: where its allocations are. */
    static final class MemoryPool {
        private final RemoteDevice device;

        MemoryPool(RemoteDevice device) {
            this.device = device;
        }
    }

    static void cuMemAllocAsync(CUdeviceptr pointer, long bytes, @Nullable CUstream stream) {
        mandatory(pointer, "dptr", "cuMemAllocAsync");
        RemoteContext context = CurrentContext.get();
        allocate(Streams.of(stream, context).context(), pointer, bytes);
    }

    static void cuMemAllocFromPoolAsync(CUdeviceptr pointer, long bytes, CUmemoryPool pool, @Nullable CUstream stream) {
        mandatory(pointer, "dptr", "cuMemAllocFromPoolAsync");
        MemoryPool from =
                Handles.find(JCudaFields.handle(mandatory(pool, "pool", "cuMemAllocFromPoolAsync")), MemoryPool.class);
        RemoteContext context = Streams.of(stream, CurrentContext.get()).context();
        if (context.device() != from.device) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "the pool is of another device than the stream");
        }
        allocate(context, pointer, bytes);
    }

    private static void allocate(RemoteContext context, CUdeviceptr pointer, long bytes) {
        JCudaFields.setAddress(pointer, context.allocate(bytes).address());
    }

    static void cuMemFreeAsync(CUdeviceptr pointer, @Nullable CUstream stream) {
        mandatory(pointer, "dptr", "cuMemFreeAsync");
        RemoteContext context = CurrentContext.get();
        Streams.of(stream, context);
        DeviceMemory memory = DevicePointer.allocation(context, pointer);
        if (MirroredMemory.of(pointer) != null) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "managed memory is freed by cuMemFree");
        }
        memory.closeLater();
    }

    static void cuMemPoolCreate(CUmemoryPool pool, CUmemPoolProps properties) {
        mandatory(pool, "pool", "cuMemPoolCreate");
        CUmemPoolProps wanted = mandatory(properties, "poolProps", "cuMemPoolCreate");
        CUmemLocation location = wanted.location;
        if (wanted.allocType != CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED
                || location == null
                || location.type != CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a pool of other than pinned memory of a device");
        }
        if (wanted.handleTypes != 0) {
            throw new CudaException(CudaStatus.NOT_SUPPORTED, "pools that other processes can open");
        }
        JCudaFields.setNativePointer(pool, Handles.of(new MemoryPool(Gpu.device(location.id))));
    }

    /** Allocations from the pool stay. */
    static void cuMemPoolDestroy(@Nullable CUmemoryPool pool) {
        Handles.remove(JCudaFields.handle(pool), MemoryPool.class);
    }

    static void cuMemPoolTrimTo(CUmemoryPool pool, long minimumBytes) {
        Handles.find(JCudaFields.handle(mandatory(pool, "pool", "cuMemPoolTrimTo")), MemoryPool.class);
        if (minimumBytes < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a pool of at least " + minimumBytes + " bytes");
        }
    }
}
