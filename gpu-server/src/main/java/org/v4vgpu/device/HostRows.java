package org.v4vgpu.device;

import java.lang.foreign.MemorySegment;

/**
 * Rows of bytes in host memory and on the device, and which way they go. Immutable; checked: the rows lie inside the segment, and
 * their extent on the device is no overflow.
 *
 * @param host where the first row begins; native memory
 * @param hostPitch from one row to the next
 * @param address of the first row on the device
 * @param bytes of each row, positive
 * @param rows at least 1
 */
public record HostRows(
        MemorySegment host, long hostPitch, long address, long devicePitch, long bytes, long rows, boolean toHost) {
    /** @throws IllegalArgumentException if the rows overlap or leave the segment */
    public HostRows {
        if (bytes <= 0 || rows <= 0) {
            throw new IllegalArgumentException(rows + " rows of " + bytes + " bytes");
        }
        if (extent(hostPitch, bytes, rows) > host.byteSize()) {
            throw new IllegalArgumentException(rows + " rows of " + bytes + " bytes, " + hostPitch
                    + " apart, leave the " + host.byteSize() + " bytes of host memory");
        }
        long _ = extent(devicePitch, bytes, rows);
    }

    /** From the first row's begin to the last one's end, on the device. */
    public long deviceExtent() {
        return extent(devicePitch, bytes, rows);
    }

    /** All bytes that are copied. */
    public long totalBytes() {
        return bytes * rows;
    }

    /** A row's bytes in host memory. */
    public MemorySegment row(long row) {
        return host.asSlice(row * hostPitch, bytes);
    }

    private static long extent(long pitch, long bytes, long rows) {
        if (rows == 1) {
            return bytes;
        }
        if (pitch < bytes || pitch > (Long.MAX_VALUE - bytes) / (rows - 1)) {
            throw new IllegalArgumentException(rows + " rows of " + bytes + " bytes, " + pitch + " apart");
        }
        return pitch * (rows - 1) + bytes;
    }
}
