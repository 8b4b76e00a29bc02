package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;

/**
 * The bytes of one message's payload where they lie: one segment, or two when they wrap at the end of a ring.
 *
 * @param first the bytes up to the wrap
 * @param second the bytes after it, of length 0 where there is no wrap
 */
public record Payload(MemorySegment first, MemorySegment second) {
    public static final Payload EMPTY = new Payload(MemorySegment.NULL, MemorySegment.NULL);

    public static Payload of(MemorySegment segment) {
        return new Payload(segment, MemorySegment.NULL);
    }

    public long byteSize() {
        return first.byteSize() + second.byteSize();
    }

    /** Copies all bytes to {@code destination} from {@code offset} on. */
    public void copyTo(MemorySegment destination, long offset) {
        MemorySegment.copy(first, 0, destination, offset, first.byteSize());
        if (second.byteSize() > 0) {
            MemorySegment.copy(second, 0, destination, offset + first.byteSize(), second.byteSize());
        }
    }

    /** Fills all bytes from {@code source} from {@code offset} on. */
    public void copyFrom(MemorySegment source, long offset) {
        MemorySegment.copy(source, offset, first, 0, first.byteSize());
        if (second.byteSize() > 0) {
            MemorySegment.copy(source, offset + first.byteSize(), second, 0, second.byteSize());
        }
    }
}
