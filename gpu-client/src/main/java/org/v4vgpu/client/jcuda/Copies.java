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
 * with pinned memory that the server sees it is only enqueued; from other memory it returns once its bytes are taken, and to other
 * memory it waits, which CUDA allows.
 */
final class Copies {
    /** What a copy between contexts moves at a time. */
    private static final int BETWEEN_BYTES = 1 << 20;

    private Copies() {}

    static void hostToDevice(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (areMirrored(destination, source)) {
            inferred(context, destination, source, bytes, stream);
        } else if (!isNothing(bytes)) {
            in(context, destination, source, bytes, stream);
        }
    }

    static void deviceToHost(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (areMirrored(destination, source)) {
            inferred(context, destination, source, bytes, stream);
        } else if (!isNothing(bytes)) {
            out(context, destination, source, bytes, stream);
        }
    }

    static void deviceToDevice(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (areMirrored(destination, source)) {
            inferred(context, destination, source, bytes, stream);
        } else if (!isNothing(bytes)) {
            within(context, destination, source, bytes, stream);
        }
    }

    static void hostToHost(Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        areMirrored(destination, source);
        if (!isNothing(bytes)) {
            onHost(destination, source, bytes, stream);
        }
    }

    /** In the direction that the pointers say. Memory that both sides have is the host's. */
    static void inferred(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        areMirrored(destination, source);
        if (isNothing(bytes)) {
            return;
        }
        boolean toHost = HostPointer.isHost(destination);
        if (HostPointer.isHost(source)) {
            if (toHost) {
                onHost(destination, source, bytes, stream);
            } else {
                in(context, destination, source, bytes, stream);
            }
        } else if (toHost) {
            out(context, destination, source, bytes, stream);
        } else {
            within(context, destination, source, bytes, stream);
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
        if (width == 0 || height == 0) {
            areMirrored(destination, source);
            return;
        }
        if (rowsAtOnce(context, destination, destinationPitch, source, sourcePitch, width, height, stream)) {
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

    /**
     * All rows by one call, where one side is the host's. False if it is not, or is an array of pointers: its rows go one by one, and each is
     * looked through for pointers that mean nothing there.
     */
    private static boolean rowsAtOnce(
            RemoteContext context,
            Pointer destination,
            long destinationPitch,
            Pointer source,
            long sourcePitch,
            long width,
            long height,
            @Nullable RemoteStream stream) {
        boolean toHost = HostPointer.isHost(destination);
        if (toHost == HostPointer.isHost(source) || JCudaFields.pointers(toHost ? destination : source) != null) {
            return false;
        }
        areMirrored(destination, source);
        long hostPitch = toHost ? destinationPitch : sourcePitch;
        long pitch = toHost ? sourcePitch : destinationPitch;
        long hostBytes = extent(hostPitch, width, height);
        MemorySegment host = toHost
                ? HostPointer.of(destination).room(hostBytes)
                : HostPointer.of(source).bytes(hostBytes);
        DeviceMemory device = DevicePointer.at(context, toHost ? source : destination, extent(pitch, width, height));
        RemoteStream order = stream != null ? stream : device.context().defaultStream();
        device.copyRows(host, hostPitch, pitch, width, height, toHost, order, stream == null);
        if (toHost) {
            MirroredMemory.afterWait();
        }
        return true;
    }

    private static long extent(long pitch, long width, long height) {
        return product(height, pitch) - pitch + width;
    }

    /** Between contexts: by their server, or by way of this process if they have two, which waits, as CUDA allows. */
    static void between(DeviceMemory destination, DeviceMemory source, @Nullable RemoteStream stream) {
        if (destination.copyFromPeer(source, stream)) {
            return;
        }
        if (stream != null) {
            stream.synchronize();
        }
        long bytes = source.byteSize();
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) Math.min(bytes, BETWEEN_BYTES)]);
        for (long offset = 0; offset < bytes; offset += BETWEEN_BYTES) {
            long length = Math.min(BETWEEN_BYTES, bytes - offset);
            MemorySegment chunk = buffer.asSlice(0, length);
            source.slice(offset, length).copyTo(chunk);
            destination.slice(offset, length).copyFromAndWait(chunk);
        }
    }

    static long product(long a, long b) {
        try {
            return Math.multiplyExact(a, b);
        } catch (ArithmeticException e) {
            throw new CudaException(CudaStatus.INVALID_VALUE, a + " times " + b + " bytes", e);
        }
    }

    private static void in(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        DeviceMemory target = DevicePointer.at(context, destination, bytes);
        MemorySegment memory = HostPointer.of(source).bytesForDevice(bytes);
        if (stream != null) {
            target.copyFromAsync(memory, stream);
        } else if (PinnedMemory.contains(memory)) {
            target.copyFromAndWait(memory);
        } else {
            target.copyFrom(memory);
        }
    }

    private static void out(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        DeviceMemory from = DevicePointer.at(context, source, bytes);
        HostPointer target = HostPointer.of(destination);
        if (stream != null) {
            from.copyToAsync(target.room(bytes), stream);
        } else {
            from.copyTo(target.room(bytes));
        }
        target.written();
        MirroredMemory.afterWait();
    }

    private static void within(
            RemoteContext context, Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        DeviceMemory target = DevicePointer.at(context, destination, bytes);
        DeviceMemory from = DevicePointer.at(context, source, bytes);
        if (target.context() != from.context()) {
            between(target, from, stream);
        } else {
            target.copyFrom(from, stream != null ? stream : target.context().defaultStream());
        }
    }

    private static void onHost(Pointer destination, Pointer source, long bytes, @Nullable RemoteStream stream) {
        if (stream != null) {
            stream.synchronize();
        }
        HostPointer target = HostPointer.of(destination);
        MemorySegment.copy(HostPointer.of(source).bytes(bytes), 0, target.room(bytes), 0, bytes);
        target.written();
    }

    /** Whether kernels see one of the two as well; then the host has it back. */
    private static boolean areMirrored(Pointer destination, Pointer source) {
        boolean to = MirroredMemory.acquire(destination);
        boolean from = MirroredMemory.acquire(source);
        return to || from;
    }

    private static boolean isNothing(long bytes) {
        if (bytes < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a copy of " + bytes + " bytes");
        }
        return bytes == 0;
    }
}
