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

    static void cuMemcpyHtoD(CUdeviceptr destination, Pointer source, long bytes) {
        Copies.hostToDevice(
                CurrentContext.get(),
                mandatory(destination, "dstDevice", "cuMemcpyHtoD"),
                mandatory(source, "srcHost", "cuMemcpyHtoD"),
                bytes,
                null);
    }

    static void cuMemcpyHtoDAsync(CUdeviceptr destination, Pointer source, long bytes, @Nullable CUstream stream) {
        RemoteContext context = CurrentContext.get();
        Copies.hostToDevice(
                context,
                mandatory(destination, "dstDevice", "cuMemcpyHtoDAsync"),
                mandatory(source, "srcHost", "cuMemcpyHtoDAsync"),
                bytes,
                Streams.of(stream, context));
    }

    static void cuMemcpyDtoH(Pointer destination, CUdeviceptr source, long bytes) {
        Copies.deviceToHost(
                CurrentContext.get(),
                mandatory(destination, "dstHost", "cuMemcpyDtoH"),
                mandatory(source, "srcDevice", "cuMemcpyDtoH"),
                bytes,
                null);
    }

    static void cuMemcpyDtoHAsync(Pointer destination, CUdeviceptr source, long bytes, @Nullable CUstream stream) {
        RemoteContext context = CurrentContext.get();
        Copies.deviceToHost(
                context,
                mandatory(destination, "dstHost", "cuMemcpyDtoHAsync"),
                mandatory(source, "srcDevice", "cuMemcpyDtoHAsync"),
                bytes,
                Streams.of(stream, context));
    }

    static void cuMemcpyDtoD(CUdeviceptr destination, CUdeviceptr source, long bytes) {
        Copies.deviceToDevice(
                CurrentContext.get(),
                mandatory(destination, "dstDevice", "cuMemcpyDtoD"),
                mandatory(source, "srcDevice", "cuMemcpyDtoD"),
                bytes,
                null);
    }

    static void cuMemcpyDtoDAsync(CUdeviceptr destination, CUdeviceptr source, long bytes, @Nullable CUstream stream) {
        RemoteContext context = CurrentContext.get();
        Copies.deviceToDevice(
                context,
                mandatory(destination, "dstDevice", "cuMemcpyDtoDAsync"),
                mandatory(source, "srcDevice", "cuMemcpyDtoDAsync"),
                bytes,
                Streams.of(stream, context));
    }

    static void cuMemcpy(CUdeviceptr destination, CUdeviceptr source, long bytes) {
        Copies.inferred(
                CurrentContext.get(),
                mandatory(destination, "dst", "cuMemcpy"),
                mandatory(source, "src", "cuMemcpy"),
                bytes,
                null);
    }

    static void cuMemcpyAsync(CUdeviceptr destination, CUdeviceptr source, long bytes, @Nullable CUstream stream) {
        RemoteContext context = CurrentContext.get();
        Copies.inferred(
                context,
                mandatory(destination, "dst", "cuMemcpyAsync"),
                mandatory(source, "src", "cuMemcpyAsync"),
                bytes,
                Streams.of(stream, context));
    }

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
        Copies.rows(
                CurrentContext.get(),
                place(
                        copy.dstMemoryType,
                        copy.dstHost,
                        copy.dstDevice,
                        copy.dstXInBytes,
                        copy.dstY,
                        pitch(copy.dstPitch, copy)),
                pitch(copy.dstPitch, copy),
                place(
                        copy.srcMemoryType,
                        copy.srcHost,
                        copy.srcDevice,
                        copy.srcXInBytes,
                        copy.srcY,
                        pitch(copy.srcPitch, copy)),
                pitch(copy.srcPitch, copy),
                copy.WidthInBytes,
                copy.Height,
                stream);
    }

    /** A pitch of 0 means rows that lie close. */
    private static long pitch(long pitch, CUDA_MEMCPY2D copy) {
        return pitch == 0 ? copy.WidthInBytes : pitch;
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
