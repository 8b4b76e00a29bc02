package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.RemoteStream;

/** Memsets of the driver API. Safe for any thread. */
final class DriverMemsets {
    private DriverMemsets() {}

    static void cuMemsetD8(CUdeviceptr pointer, byte value, long count) {
        mandatory(pointer, "dstDevice", "cuMemsetD8");
        Fills.elements(CurrentContext.get(), pointer, 1, value, count, null);
    }

    static void cuMemsetD8Async(CUdeviceptr pointer, byte value, long count, @Nullable CUstream stream) {
        mandatory(pointer, "dstDevice", "cuMemsetD8Async");
        Fills.elements(CurrentContext.get(), pointer, 1, value, count, stream(stream));
    }

    static void cuMemsetD2D8(CUdeviceptr pointer, long pitch, byte value, long width, long height) {
        mandatory(pointer, "dstDevice", "cuMemsetD2D8");
        Fills.rows(CurrentContext.get(), pointer, pitch, 1, value, width, height, null);
    }

    static void cuMemsetD2D8Async(
            CUdeviceptr pointer, long pitch, byte value, long width, long height, @Nullable CUstream stream) {
        mandatory(pointer, "dstDevice", "cuMemsetD2D8Async");
        Fills.rows(CurrentContext.get(), pointer, pitch, 1, value, width, height, stream(stream));
    }

    static void cuMemsetD16(CUdeviceptr pointer, short value, long count) {
        mandatory(pointer, "dstDevice", "cuMemsetD16");
        Fills.elements(CurrentContext.get(), pointer, Short.BYTES, value, count, null);
    }

    static void cuMemsetD16Async(CUdeviceptr pointer, short value, long count, @Nullable CUstream stream) {
        mandatory(pointer, "dstDevice", "cuMemsetD16Async");
        Fills.elements(CurrentContext.get(), pointer, Short.BYTES, value, count, stream(stream));
    }

    static void cuMemsetD2D16(CUdeviceptr pointer, long pitch, short value, long width, long height) {
        mandatory(pointer, "dstDevice", "cuMemsetD2D16");
        Fills.rows(CurrentContext.get(), pointer, pitch, Short.BYTES, value, width, height, null);
    }

    static void cuMemsetD2D16Async(
            CUdeviceptr pointer, long pitch, short value, long width, long height, @Nullable CUstream stream) {
        mandatory(pointer, "dstDevice", "cuMemsetD2D16Async");
        Fills.rows(CurrentContext.get(), pointer, pitch, Short.BYTES, value, width, height, stream(stream));
    }

    static void cuMemsetD32(CUdeviceptr pointer, int value, long count) {
        mandatory(pointer, "dstDevice", "cuMemsetD32");
        Fills.elements(CurrentContext.get(), pointer, Integer.BYTES, value, count, null);
    }

    static void cuMemsetD32Async(CUdeviceptr pointer, int value, long count, @Nullable CUstream stream) {
        mandatory(pointer, "dstDevice", "cuMemsetD32Async");
        Fills.elements(CurrentContext.get(), pointer, Integer.BYTES, value, count, stream(stream));
    }

    static void cuMemsetD2D32(CUdeviceptr pointer, long pitch, int value, long width, long height) {
        mandatory(pointer, "dstDevice", "cuMemsetD2D32");
        Fills.rows(CurrentContext.get(), pointer, pitch, Integer.BYTES, value, width, height, null);
    }

    static void cuMemsetD2D32Async(
            CUdeviceptr pointer, long pitch, int value, long width, long height, @Nullable CUstream stream) {
        mandatory(pointer, "dstDevice", "cuMemsetD2D32Async");
        Fills.rows(CurrentContext.get(), pointer, pitch, Integer.BYTES, value, width, height, stream(stream));
    }

    private static RemoteStream stream(@Nullable CUstream stream) {
        return Streams.of(stream, CurrentContext.get());
    }
}
