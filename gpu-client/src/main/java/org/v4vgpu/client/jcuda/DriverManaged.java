package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmemAttach_flags;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Managed memory of the driver API, as {@link MirroredMemory}. Safe for any thread. */
final class DriverManaged {
    /** CU_DEVICE_CPU and cudaCpuDeviceId. */
    private static final int CPU = -1;

    private DriverManaged() {}

    static void cuMemAllocManaged(CUdeviceptr pointer, long bytes, int flags) {
        mandatory(pointer, "dptr", "cuMemAllocManaged");
        MirroredMemory.allocateManaged(CurrentContext.get(), pointer, bytes, flags);
    }

    static void cuStreamAttachMemAsync(@Nullable CUstream stream, CUdeviceptr pointer, long length, int flags) {
        mandatory(pointer, "dptr", "cuStreamAttachMemAsync");
        boolean named = JCudaFields.handle(stream) > Streams.LAST_DEFAULT;
        attach(Streams.of(stream, CurrentContext.get()), named, pointer, length, flags);
    }

    static void attach(RemoteStream stream, boolean named, Pointer pointer, long length, int flags) {
        MirroredMemory block = managed(pointer);
        boolean single = flags == CUmemAttach_flags.CU_MEM_ATTACH_SINGLE;
        boolean known = single
                || flags == CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL
                || flags == CUmemAttach_flags.CU_MEM_ATTACH_HOST;
        if (!known
                || (single && !named)
                || (length != 0 && length != block.device().byteSize())) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "attaching " + length + " bytes with the flags " + flags + (named ? "" : " to a default stream"));
        }
        // In the order of the stream: what was issued before still sees the memory as it was.
        Streams.synchronize(stream);
        block.attach(single ? stream : null, flags);
    }

    static void cuMemPrefetchAsync(CUdeviceptr pointer, long bytes, CUdevice device, @Nullable CUstream stream) {
        Streams.of(stream, CurrentContext.get());
        long ordinal = JCudaFields.nativePointer(mandatory(device, "dstDevice", "cuMemPrefetchAsync"));
        prefetch(mandatory(pointer, "devPtr", "cuMemPrefetchAsync"), bytes, ordinal);
    }

    /** Memory moves with launches and waits here: a device can't be given it before. */
    static void prefetch(Pointer pointer, long bytes, long device) {
        MirroredMemory block = managed(pointer);
        if (bytes <= 0 || bytes > block.device().byteSize()) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a prefetch of " + bytes + " bytes");
        }
        if ((int) device != CPU) {
            throw new CudaException(
                    CudaStatus.INVALID_DEVICE, "prefetching to a device without concurrent managed access");
        }
    }

    private static MirroredMemory managed(Pointer pointer) {
        MirroredMemory block = MirroredMemory.of(pointer);
        if (block == null || !block.isManaged()) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "no managed memory");
        }
        return block;
    }
}
