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
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/**
 * Stream-ordered allocation and its pools. Safe for any thread.
 *
 * <p>Allocations and frees are in the order of their stream on a GPU, from a pool that the server has for each context; the software device
 * allocates at once, and frees when all work that was issued before is done. A program's own pools say which device is meant, and no more:
 * what is free goes back to the device when it is wanted, so they hold nothing back.
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
        allocate(Streams.of(stream, context), pointer, bytes);
    }

    static void cuMemAllocFromPoolAsync(CUdeviceptr pointer, long bytes, CUmemoryPool pool, @Nullable CUstream stream) {
        mandatory(pointer, "dptr", "cuMemAllocFromPoolAsync");
        MemoryPool from =
                Handles.find(JCudaFields.handle(mandatory(pool, "pool", "cuMemAllocFromPoolAsync")), MemoryPool.class);
        RemoteStream order = Streams.of(stream, CurrentContext.get());
        if (order.context().device() != from.device) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "the pool is of another device than the stream");
        }
        allocate(order, pointer, bytes);
    }

    private static void allocate(RemoteStream order, CUdeviceptr pointer, long bytes) {
        JCudaFields.setAddress(pointer, order.context().allocate(bytes, order).address());
    }

    static void cuMemFreeAsync(CUdeviceptr pointer, @Nullable CUstream stream) {
        mandatory(pointer, "dptr", "cuMemFreeAsync");
        RemoteContext context = CurrentContext.get();
        RemoteStream order = Streams.of(stream, context);
        DeviceMemory memory = DevicePointer.allocation(context, pointer);
        if (MirroredMemory.of(pointer) != null) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "managed memory is freed by cuMemFree");
        }
        if (memory.context() == order.context()) {
            memory.closeLater(order);
        } else {
            memory.closeLater();
        }
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
