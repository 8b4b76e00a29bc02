package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.Payload;

/**
 * Rows in host memory, each a pitch after the one before, which lie close in a payload. Immutable.
 *
 * @param memory from the first row's begin to the last one's end, or more
 * @param bytes of each row
 */
record HostRows(MemorySegment memory, long pitch, long bytes, long rows) {
    static HostRows single(MemorySegment memory) {
        return new HostRows(memory, memory.byteSize(), memory.byteSize(), 1);
    }

    long totalBytes() {
        return bytes * rows; // they do not overlap: no more than the memory
    }

    /** Fills a payload with the bytes from {@code offset} on. */
    void copyTo(Payload payload, long offset) {
        if (rows == 1) {
            payload.copyFrom(memory, offset);
        } else {
            copy(payload.first(), offset, false);
            copy(payload.second(), offset + payload.first().byteSize(), false);
        }
    }

    /** Takes a payload as the bytes from {@code offset} on. */
    void copyFrom(Payload payload, long offset) {
        if (rows == 1) {
            payload.copyTo(memory, offset);
        } else {
            copy(payload.first(), offset, true);
            copy(payload.second(), offset + payload.first().byteSize(), true);
        }
    }

    private void copy(MemorySegment part, long offset, boolean toRows) {
        long end = part.byteSize();
        long within = offset % bytes;
        long row = offset / bytes * pitch;
        for (long done = 0; done < end; ) {
            long length = Math.min(bytes - within, end - done);
            if (toRows) {
                MemorySegment.copy(part, done, memory, row + within, length);
            } else {
                MemorySegment.copy(memory, row + within, part, done, length);
            }
            done += length;
            row += pitch;
            within = 0;
        }
    }
}
