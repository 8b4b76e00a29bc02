package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.runtime.cudaMemcpyKind;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.MemoryInfo;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Memory and copies of the runtime API. Safe for any thread. */
final class RuntimeMemory {
    /** {@code cudaErrorInvalidMemcpyDirection}, which the driver API does not have. */
    private static final CudaStatus INVALID_DIRECTION = new CudaStatus(21);

    /** {@code cudaErrorInvalidPitchValue}, nor this. */
    private static final CudaStatus INVALID_PITCH = new CudaStatus(12);

    private RuntimeMemory() {}

    static void cudaMalloc(Pointer pointer, long bytes) {
        mandatory(pointer, "devPtr", "cudaMalloc");
        RemoteContext context = CurrentContext.ofRuntime();
        JCudaFields.setAddress(pointer, bytes == 0 ? 0 : context.allocate(bytes).address());
    }

    static void cudaMallocPitch(Pointer pointer, long[] pitch, long width, long height) {
        mandatory(pointer, "devPtr", "cudaMallocPitch");
        mandatory(pitch, "pitch", "cudaMallocPitch");
        DriverMemory.allocatePitch(CurrentContext.ofRuntime(), pointer, pitch, width, height);
    }

    static void cudaFree(@Nullable Pointer pointer) {
        RemoteContext context = CurrentContext.ofRuntime();
        if (pointer != null && HostPointer.address(pointer) != 0) {
            DevicePointer.free(context, pointer);
        }
    }

    static void cudaMallocHost(Pointer pointer, long bytes) {
        PinnedMemory.allocate(CurrentContext.ofRuntime(), mandatory(pointer, "ptr", "cudaMallocHost"), bytes, 0);
    }

    static void cudaHostAlloc(Pointer pointer, long bytes, int flags) {
        PinnedMemory.allocate(CurrentContext.ofRuntime(), mandatory(pointer, "ptr", "cudaHostAlloc"), bytes, flags);
    }

    static void cudaFreeHost(@Nullable Pointer pointer) {
        if (pointer != null && JCudaFields.nativePointer(pointer) != 0) {
            PinnedMemory.free(pointer);
        }
    }

    static void cudaHostRegister(Pointer pointer, long bytes, int flags) {
        CurrentContext.ofRuntime();
        PinnedMemory.register(mandatory(pointer, "ptr", "cudaHostRegister"), bytes, flags);
    }

    static void cudaHostUnregister(Pointer pointer) {
        PinnedMemory.unregister(mandatory(pointer, "ptr", "cudaHostUnregister"));
    }

    static void cudaHostGetDevicePointer(Pointer device, Pointer host, int flags) {
        mandatory(device, "pDevice", "cudaHostGetDevicePointer");
        CurrentContext.ofRuntime();
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "flags " + flags);
        }
        PinnedMemory.map(device, mandatory(host, "pHost", "cudaHostGetDevicePointer"));
    }

    static void cudaMemGetInfo(long[] free, long[] total) {
        mandatory(free, "freeBytes", "cudaMemGetInfo");
        mandatory(total, "totalBytes", "cudaMemGetInfo");
        MemoryInfo info = CurrentContext.ofRuntime().memoryInfo();
        free[0] = info.freeBytes();
        total[0] = info.totalBytes();
    }

    static void cudaMemcpy(Pointer destination, Pointer source, long bytes, int kind) {
        mandatory(destination, "dst", "cudaMemcpy");
        copy(destination, mandatory(source, "src", "cudaMemcpy"), bytes, kind, null);
    }

    static void cudaMemcpyAsync(
            Pointer destination, Pointer source, long bytes, int kind, @Nullable cudaStream_t stream) {
        mandatory(destination, "dst", "cudaMemcpyAsync");
        mandatory(source, "src", "cudaMemcpyAsync");
        copy(destination, source, bytes, kind, Streams.of(stream, CurrentContext.ofRuntime()));
    }

    private static void copy(Pointer destination, Pointer source, long bytes, int kind, @Nullable RemoteStream stream) {
        RemoteContext context = CurrentContext.ofRuntime();
        switch (kind) {
            case cudaMemcpyKind.cudaMemcpyHostToHost -> Copies.hostToHost(destination, source, bytes, stream);
            case cudaMemcpyKind.cudaMemcpyHostToDevice ->
                Copies.hostToDevice(context, destination, source, bytes, stream);
            case cudaMemcpyKind.cudaMemcpyDeviceToHost ->
                Copies.deviceToHost(context, destination, source, bytes, stream);
            case cudaMemcpyKind.cudaMemcpyDeviceToDevice ->
                Copies.deviceToDevice(context, destination, source, bytes, stream);
            case cudaMemcpyKind.cudaMemcpyDefault -> Copies.inferred(context, destination, source, bytes, stream);
            default -> throw new CudaException(INVALID_DIRECTION, "cudaMemcpyKind " + kind);
        }
    }

    static void cudaMemcpy2D(
            Pointer destination,
            long destinationPitch,
            Pointer source,
            long sourcePitch,
            long width,
            long height,
            int kind) {
        mandatory(destination, "dst", "cudaMemcpy2D");
        mandatory(source, "src", "cudaMemcpy2D");
        copyRows(destination, destinationPitch, source, sourcePitch, width, height, kind, null);
    }

    static void cudaMemcpy2DAsync(
            Pointer destination,
            long destinationPitch,
            Pointer source,
            long sourcePitch,
            long width,
            long height,
            int kind,
            @Nullable cudaStream_t stream) {
        mandatory(destination, "dst", "cudaMemcpy2DAsync");
        mandatory(source, "src", "cudaMemcpy2DAsync");
        copyRows(
                destination,
                destinationPitch,
                source,
                sourcePitch,
                width,
                height,
                kind,
                Streams.of(stream, CurrentContext.ofRuntime()));
    }

    private static void copyRows(
            Pointer destination,
            long destinationPitch,
            Pointer source,
            long sourcePitch,
            long width,
            long height,
            int kind,
            @Nullable RemoteStream stream) {
        boolean mirrored = MirroredMemory.of(destination) != null || MirroredMemory.of(source) != null;
        boolean toHost = kind == cudaMemcpyKind.cudaMemcpyDeviceToHost || kind == cudaMemcpyKind.cudaMemcpyHostToHost;
        boolean fromHost = kind == cudaMemcpyKind.cudaMemcpyHostToDevice || kind == cudaMemcpyKind.cudaMemcpyHostToHost;
        if (kind < 0 || kind > cudaMemcpyKind.cudaMemcpyDefault) {
            throw new CudaException(INVALID_DIRECTION, "cudaMemcpyKind " + kind);
        }
        if (width >= 0 && height >= 0 && (width > destinationPitch || width > sourcePitch)) {
            throw new CudaException(
                    INVALID_PITCH,
                    "rows of " + width + " bytes with pitches " + sourcePitch + " and " + destinationPitch);
        }
        if (kind != cudaMemcpyKind.cudaMemcpyDefault
                && !mirrored
                && (toHost != HostPointer.isHost(destination) || fromHost != HostPointer.isHost(source))) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, "the pointers are not what cudaMemcpyKind " + kind + " says");
        }
        Copies.rows(
                CurrentContext.ofRuntime(), destination, destinationPitch, source, sourcePitch, width, height, stream);
    }

    // ---- memsets

    static void cudaMemset(Pointer pointer, int value, long bytes) {
        mandatory(pointer, "mem", "cudaMemset");
        Fills.elements(CurrentContext.ofRuntime(), pointer, 1, value, bytes, null);
    }

    static void cudaMemsetAsync(Pointer pointer, int value, long bytes, @Nullable cudaStream_t stream) {
        mandatory(pointer, "devPtr", "cudaMemsetAsync");
        RemoteContext context = CurrentContext.ofRuntime();
        Fills.elements(context, pointer, 1, value, bytes, Streams.of(stream, context));
    }

    static void cudaMemset2D(Pointer pointer, long pitch, int value, long width, long height) {
        mandatory(pointer, "mem", "cudaMemset2D");
        Fills.rows(CurrentContext.ofRuntime(), pointer, pitch, 1, value, width, height, null);
    }

    static void cudaMemset2DAsync(
            Pointer pointer, long pitch, int value, long width, long height, @Nullable cudaStream_t stream) {
        mandatory(pointer, "devPtr", "cudaMemset2DAsync");
        RemoteContext context = CurrentContext.ofRuntime();
        Fills.rows(context, pointer, pitch, 1, value, width, height, Streams.of(stream, context));
    }
}
