package org.v4vgpu.v4v.socket;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.Payload;

/**
 * A record that was looked at before its turn, to count its bytes. Confined to the receiver of its ring; its memory is the ring's until
 * it is given back up to {@code end}.
 *
 * @param payload the bytes where they lie
 * @param end where the record ends in the ring
 */
record RecordAhead(Payload payload, long end) {
    int bytes() {
        return (int) payload.byteSize();
    }

    void copy(int from, MemorySegment destination, long offset, int bytes) {
        int inFirst = Math.clamp(payload.first().byteSize() - from, 0, bytes);
        if (inFirst > 0) {
            HeapSegments.copy(payload.first(), from, destination, offset, inFirst);
        }
        if (inFirst < bytes) {
            long at = from + inFirst - payload.first().byteSize();
            HeapSegments.copy(payload.second(), at, destination, offset + inFirst, bytes - inFirst);
        }
    }
}
