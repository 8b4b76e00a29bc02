package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Copies of the driver API. Safe for any thread. */
final class DriverCopies {
    private DriverCopies() {}

    /** One of the directions of {@link Copies}. */
    private interface Direction {
        void copy(
                RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream);
    }

    static void cuMemcpyHtoD(CUdeviceptr destination, Pointer source, long bytes) {
        mandatory(destination, "dstDevice", "cuMemcpyHtoD");
        copy(Copies::hostToDevice, destination, mandatory(source, "srcHost", "cuMemcpyHtoD"), bytes);
    }

    static void cuMemcpyHtoDAsync(CUdeviceptr destination, Pointer source, long bytes, @Nullable CUstream stream) {
        mandatory(destination, "dstDevice", "cuMemcpyHtoDAsync");
        copy(Copies::hostToDevice, destination, mandatory(source, "srcHost", "cuMemcpyHtoDAsync"), bytes, stream);
    }

    static void cuMemcpyDtoH(Pointer destination, CUdeviceptr source, long bytes) {
        mandatory(destination, "dstHost", "cuMemcpyDtoH");
        copy(Copies::deviceToHost, destination, mandatory(source, "srcDevice", "cuMemcpyDtoH"), bytes);
    }

    static void cuMemcpyDtoHAsync(Pointer destination, CUdeviceptr source, long bytes, @Nullable CUstream stream) {
        mandatory(destination, "dstHost", "cuMemcpyDtoHAsync");
        copy(Copies::deviceToHost, destination, mandatory(source, "srcDevice", "cuMemcpyDtoHAsync"), bytes, stream);
    }

    static void cuMemcpyDtoD(CUdeviceptr destination, CUdeviceptr source, long bytes) {
        mandatory(destination, "dstDevice", "cuMemcpyDtoD");
        copy(Copies::deviceToDevice, destination, mandatory(source, "srcDevice", "cuMemcpyDtoD"), bytes);
    }

    static void cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source, long bytes, @Nullable CUstream stream) {
        mandatory(destination, "dstDevice", "cuMemcpyDtoDAsync");
        copy(Copies::deviceToDevice, destination, mandatory(source, "srcDevice", "cuMemcpyDtoDAsync"), bytes, stream);
    }

    static void cuMemcpy(CUdeviceptr destination, CUdeviceptr source, long bytes) {
        mandatory(destination, "dst", "cuMemcpy");
        copy(Copies::inferred, destination, mandatory(source, "src", "cuMemcpy"), bytes);
    }

    static void cuMemcpyAsync(CUdeviceptr destination, CUdeviceptr source, long bytes, @Nullable CUstream stream) {
        mandatory(destination, "dst", "cuMemcpyAsync");
        copy(Copies::inferred, destination, mandatory(source, "src", "cuMemcpyAsync"), bytes, stream);
    }

    private static void copy(Direction direction, Pointer destination, Pointer source, long bytes) {
        direction.copy(CurrentContext.get(), destination, source, bytes, null);
    }

    private static void copy(
            Direction direction, Pointer destination, Pointer source, long bytes, @Nullable CUstream stream) {
        RemoteContext context = CurrentContext.get();
        direction.copy(context, destination, source, bytes, Streams.of(stream, context));
    }

    // ---- rows

    static void cuMemcpy2D(CUDA_MEMCPY2D copy) {
        copy2D(mandatory(copy, "pCopy", "cuMemcpy2D"), null);
    }

    static void cuMemcpy2DUnaligned(CUDA_MEMCPY2D copy) {
        copy2D(mandatory(copy, "pCopy", "cuMemcpy2DUnaligned"), null);
    }

    static void cuMemcpy2DAsync(CUDA_MEMCPY2D copy, @Nullable CUstream stream) {
        copy2D(mandatory(copy, "pCopy", "cuMemcpy2DAsync"), Streams.of(stream, CurrentContext.get()));
    }

    private static void copy2D(CUDA_MEMCPY2D copy, @Nullable RemoteStream stream) {
        RemoteContext context = CurrentContext.get();
        // A pitch of 0 means rows that lie close.
        long toPitch = copy.dstPitch == 0 ? copy.WidthInBytes : copy.dstPitch;
        long fromPitch = copy.srcPitch == 0 ? copy.WidthInBytes : copy.srcPitch;
        Copies.rows(
                context,
                place(copy.dstMemoryType, copy.dstHost, copy.dstDevice, copy.dstXInBytes, copy.dstY, toPitch),
                toPitch,
                place(copy.srcMemoryType, copy.srcHost, copy.srcDevice, copy.srcXInBytes, copy.srcY, fromPitch),
                fromPitch,
                copy.WidthInBytes,
                copy.Height,
                stream);
    }

    private static Pointer place(
            int type, @Nullable Pointer host, @Nullable CUdeviceptr device, long x, long y, long pitch) {
        Pointer pointer = switch (type) {
            case CUmemorytype.CU_MEMORYTYPE_HOST -> host;
            case CUmemorytype.CU_MEMORYTYPE_DEVICE, CUmemorytype.CU_MEMORYTYPE_UNIFIED -> device;
            default -> throw new CudaException(CudaStatus.NOT_SUPPORTED, "copies of memory type " + type);
        };
        if (pointer == null || x < 0 || y < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a copy without a pointer, or from a negative row");
        }
        return pointer.withByteOffset(Copies.product(y, pitch) + x);
    }
}
