package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/**
 * Copies as both APIs mean them, between pointers of any kind. Stateless, safe for any thread. A stream makes a copy asynchronous:
 * then one from the host returns once its bytes are taken; one to the host waits, which CUDA allows.
 */
final class Copies {
    private Copies() {}

    static void hostToDevice(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (isNothing(bytes)) {
            return;
        }
        DeviceMemory target = DevicePointer.at(context, destination, bytes);
        MemorySegment memory = HostPointer.of(source).bytes(bytes);
        if (stream != null) {
            target.copyFrom(memory, stream);
        } else if (PinnedMemory.contains(memory)) {
            target.copyFromAndWait(memory);
        } else {
            target.copyFrom(memory);
        }
    }

    static void deviceToHost(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (isNothing(bytes)) {
            return;
        }
        DeviceMemory from = DevicePointer.at(context, source, bytes);
        HostPointer target = HostPointer.of(destination);
        from.copyTo(
                target.bytes(bytes), stream != null ? stream : from.context().defaultStream());
        target.written();
    }

    static void deviceToDevice(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (isNothing(bytes)) {
            return;
        }
        DeviceMemory target = DevicePointer.at(context, destination, bytes);
        target.copyFrom(
                DevicePointer.at(context, source, bytes),
                stream != null ? stream : target.context().defaultStream());
    }

    static void hostToHost(Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (isNothing(bytes)) {
            return;
        }
        if (stream != null) {
            stream.synchronize();
        }
        HostPointer target = HostPointer.of(destination);
        MemorySegment.copy(HostPointer.of(source).bytes(bytes), 0, target.bytes(bytes), 0, bytes);
        target.written();
    }

    /** In the direction that the pointers say. */
    static void inferred(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        boolean toHost = HostPointer.isHost(destination);
        if (HostPointer.isHost(source)) {
            if (toHost) {
                hostToHost(destination, source, bytes, stream);
            } else {
                hostToDevice(context, destination, source, bytes, stream);
            }
        } else if (toHost) {
            deviceToHost(context, destination, source, bytes, stream);
        } else {
            deviceToDevice(context, destination, source, bytes, stream);
        }
    }

    /** Rows of {@code width} bytes, each {@code pitch} bytes after the one before; one copy if they lie close. */
    static void rows(
            RemoteContext context,
            Pointer destination,
            long destinationPitch,
            Pointer source,
            long sourcePitch,
            long width,
            long height,
            @Nullable RemoteStream stream) {
        if (width < 0 || height < 0 || width > destinationPitch || width > sourcePitch) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "a copy of " + height + " rows of " + width + " bytes with pitches " + sourcePitch + " and "
                            + destinationPitch);
        }
        if (width == destinationPitch && width == sourcePitch) {
            inferred(context, destination, source, product(width, height), stream);
            return;
        }
        for (long row = 0; row < height; row++) {
            inferred(
                    context,
                    destination.withByteOffset(product(row, destinationPitch)),
                    source.withByteOffset(product(row, sourcePitch)),
                    width,
                    stream);
        }
    }

    static long product(long a, long b) {
        try {
            return Math.multiplyExact(a, b);
        } catch (ArithmeticException e) {
            throw new CudaException(CudaStatus.INVALID_VALUE, a + " times " + b + " bytes", e);
        }
    }

    private static boolean isNothing(long bytes) {
        if (bytes < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a copy of " + bytes + " bytes");
        }
        return bytes == 0;
    }
}
