package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.Pointer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Memsets as both APIs mean them. Stateless, safe for any thread. */
final class Fills {
    private Fills() {}

    /** Sets {@code count} elements of 1, 2 or 4 bytes. */
    static void elements(
            RemoteContext context,
            Pointer pointer,
            int elementBytes,
            int value,
            long count,
            @Nullable RemoteStream stream) {
        rows(context, pointer, 0, elementBytes, value, count, 1, stream);
    }

    /** Sets {@code height} rows of {@code width} elements, which begin {@code pitch} bytes after each other. */
    static void rows(
            RemoteContext context,
            Pointer pointer,
            long pitch,
            int elementBytes,
            int value,
            long width,
            long height,
            @Nullable RemoteStream stream) {
        if (width < 0 || height < 0 || pitch < 0) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "a memset of " + height + " rows of " + width + " elements with a pitch of " + pitch);
        }
        if (width == 0 || height == 0) {
            return;
        }
        long row = Copies.product(width, elementBytes);
        if (height > 1 && pitch < row) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, "a memset of rows of " + row + " bytes with a pitch of " + pitch);
        }
        long step = height == 1 ? row : pitch;
        long last = Copies.product(step, height - 1);
        if (last > Long.MAX_VALUE - row) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a memset of " + height + " rows of " + row + " bytes");
        }
        long bytes = last + row;
        if (MirroredMemory.acquire(pointer)) {
            onHost(HostPointer.of(pointer).bytes(bytes), step, row, elementBytes, value, stream);
            return;
        }
        DeviceMemory memory = DevicePointer.at(context, pointer, bytes);
        RemoteStream queue = stream != null ? stream : memory.context().defaultStream();
        if (step == row) {
            memory.fill(elementBytes, value, queue);
        } else {
            for (long offset = 0; offset <= last; offset += step) {
                memory.slice(offset, row).fill(elementBytes, value, queue);
            }
        }
    }

    private static void onHost(
            MemorySegment memory, long step, long row, int elementBytes, int value, @Nullable RemoteStream stream) {
        if (stream != null) {
            stream.synchronize();
        }
        for (long begin = 0; begin < memory.byteSize(); begin += step) {
            for (long offset = begin; offset < begin + row; offset += elementBytes) {
                switch (elementBytes) {
                    case 1 -> memory.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
                    case Short.BYTES -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
                    default -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
                }
            }
        }
    }
}
