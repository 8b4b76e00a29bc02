package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.MemoryInfo;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.proto.CudaStatus;

/** Allocations of the driver API. Safe for any thread. */
final class DriverMemory {
    private static final int USUAL_PITCH = 512;

    private DriverMemory() {}

    static void cuMemAlloc(CUdeviceptr pointer, long bytes) {
        mandatory(pointer, "dptr", "cuMemAlloc");
        JCudaFields.setAddress(pointer, CurrentContext.get().allocate(bytes).address());
    }

    static void cuMemAllocPitch(CUdeviceptr pointer, long[] pitch, long width, long height, int elementBytes) {
        mandatory(pointer, "dptr", "cuMemAllocPitch");
        mandatory(pitch, "pPitch", "cuMemAllocPitch");
        if (elementBytes != 4 && elementBytes != 8 && elementBytes != 16) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "elements of " + elementBytes + " bytes");
        }
        allocatePitch(CurrentContext.get(), pointer, pitch, width, height);
    }

    static void allocatePitch(RemoteContext context, Pointer pointer, long[] pitch, long width, long height) {
        if (width <= 0 || height <= 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "an allocation of " + width + " by " + height + " bytes");
        }
        int alignment =
                DeviceAttributes.of(context.device(), CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT);
        alignment = Math.max(alignment, USUAL_PITCH);
        long row;
        long bytes;
        try {
            row = Math.multiplyExact(Math.ceilDiv(width, (long) alignment), (long) alignment);
            bytes = Math.multiplyExact(row, height);
        } catch (ArithmeticException e) {
            throw new CudaException(
                    CudaStatus.OUT_OF_MEMORY, "an allocation of " + width + " by " + height + " bytes", e);
        }
        JCudaFields.setAddress(pointer, context.allocate(bytes).address());
        pitch[0] = row;
    }

    static void cuMemFree(CUdeviceptr pointer) {
        DevicePointer.free(CurrentContext.get(), mandatory(pointer, "dptr", "cuMemFree"));
    }

    static void cuMemGetInfo(long[] free, long[] total) {
        mandatory(free, "free", "cuMemGetInfo");
        mandatory(total, "total", "cuMemGetInfo");
        MemoryInfo info = CurrentContext.get().memoryInfo();
        free[0] = info.freeBytes();
        total[0] = info.totalBytes();
    }

    static void cuMemGetAddressRange(@Nullable CUdeviceptr base, long @Nullable [] size, CUdeviceptr pointer) {
        DeviceMemory memory = DevicePointer.whole(
                CurrentContext.get(), HostPointer.address(mandatory(pointer, "dptr", "cuMemGetAddressRange")));
        if (base != null) {
            JCudaFields.setAddress(base, memory.address());
        }
        if (size != null) {
            size[0] = memory.byteSize();
        }
    }

    // ---- host memory

    static void cuMemAllocHost(Pointer pointer, long bytes) {
        PinnedMemory.allocate(CurrentContext.get(), mandatory(pointer, "pp", "cuMemAllocHost"), bytes, 0);
    }

    static void cuMemHostAlloc(Pointer pointer, long bytes, int flags) {
        PinnedMemory.allocate(CurrentContext.get(), mandatory(pointer, "pp", "cuMemHostAlloc"), bytes, flags);
    }

    static void cuMemFreeHost(Pointer pointer) {
        PinnedMemory.free(mandatory(pointer, "p", "cuMemFreeHost"));
    }

    static void cuMemHostRegister(Pointer pointer, long bytes, int flags) {
        CurrentContext.get();
        PinnedMemory.register(mandatory(pointer, "p", "cuMemHostRegister"), bytes, flags);
    }

    static void cuMemHostUnregister(Pointer pointer) {
        PinnedMemory.unregister(mandatory(pointer, "p", "cuMemHostUnregister"));
    }

    static void cuMemHostGetFlags(int[] flags, Pointer pointer) {
        mandatory(flags, "pFlags", "cuMemHostGetFlags")[0] =
                PinnedMemory.flags(mandatory(pointer, "p", "cuMemHostGetFlags"));
    }

    static void cuMemHostGetDevicePointer(CUdeviceptr device, Pointer host, int flags) {
        mandatory(device, "ret", "cuMemHostGetDevicePointer");
        CurrentContext.get();
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "flags " + flags);
        }
        PinnedMemory.map(device, mandatory(host, "p", "cuMemHostGetDevicePointer"));
    }
}
