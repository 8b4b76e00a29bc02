package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one message's payload where they lie: one segment, or two when they wrap at the end of a ring. Confined like the
 * message that it belongs to.
 *
 * <p>Copying allocates nothing; asking for a segment may make it.
 */
public sealed class Payload permits PayloadView {
    public static final Payload EMPTY = of(MemorySegment.NULL);

    /** What holds the bytes up to the wrap, and where in it they are; then those after the wrap, in the same way. */
    MemorySegment memory;

    long at;
    long bytes;
    MemorySegment wrappedMemory;
    long wrappedAt;
    long wrappedBytes;

    // Made when somebody asks.
    @Nullable
    MemorySegment first;

    @Nullable
    MemorySegment second;

    /**
     * @param first the bytes up to the wrap
     * @param second the bytes after it, of length 0 where there is no wrap
     */
    public Payload(MemorySegment first, MemorySegment second) {
        this.memory = first;
        this.bytes = first.byteSize();
        this.wrappedMemory = second;
        this.wrappedBytes = second.byteSize();
        this.first = first;
        this.second = second;
    }

    public static Payload of(MemorySegment segment) {
        return new Payload(segment, MemorySegment.NULL);
    }

    /** The bytes up to the wrap. */
    public MemorySegment first() {
        MemorySegment known = first;
        if (known == null) {
            known = memory.asSlice(at, bytes);
            first = known;
        }
        return known;
    }

    /** The bytes after the wrap, of length 0 where there is no wrap. */
    public MemorySegment second() {
        MemorySegment known = second;
        if (known == null) {
            known = wrappedBytes == 0 ? MemorySegment.NULL : wrappedMemory.asSlice(wrappedAt, wrappedBytes);
            second = known;
        }
        return known;
    }

    public long byteSize() {
        return bytes + wrappedBytes;
    }

    /** Copies all bytes to {@code destination} from {@code offset} on. */
    public void copyTo(MemorySegment destination, long offset) {
        MemorySegment.copy(memory, at, destination, offset, bytes);
        if (wrappedBytes > 0) {
            MemorySegment.copy(wrappedMemory, wrappedAt, destination, offset + bytes, wrappedBytes);
        }
    }

    /** Fills all bytes from {@code source} from {@code offset} on. */
    public void copyFrom(MemorySegment source, long offset) {
        MemorySegment.copy(source, offset, memory, at, bytes);
        if (wrappedBytes > 0) {
            MemorySegment.copy(source, offset + bytes, wrappedMemory, wrappedAt, wrappedBytes);
        }
    }
}
