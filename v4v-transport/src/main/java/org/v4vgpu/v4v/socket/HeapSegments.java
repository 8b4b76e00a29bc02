package org.v4vgpu.v4v.socket;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Callers' arrays and buffers as memory segments without an allocation per call: programs use one buffer again and again, so the segments of
 * the last array and the last buffer are kept. Confined to one direction of a stream.
 *
 * <p>Large arrays and buffers are not kept, lest an idle connection hold their memory; tiny arrays go through an array of our own,
 * for they are often made for one call only.
 */
@SuppressWarnings("ReferenceEquality") // the same array or buffer is meant, not one of equal content
final class HeapSegments {
    private static final int LARGEST_KEPT = 256 * 1024;
    private static final int TINY = 32;

    private final byte[] tinyArray = new byte[TINY];
    private final MemorySegment tiny = MemorySegment.ofArray(tinyArray);
    private byte @Nullable [] lastArray;
    private MemorySegment lastArraySegment = MemorySegment.NULL;
    private @Nullable ByteBuffer lastBuffer;
    private MemorySegment lastBufferSegment = MemorySegment.NULL;

    /** Whether so many bytes should go through {@link #tiny}. */
    static boolean isTiny(int length) {
        return length <= TINY;
    }

    MemorySegment tiny() {
        return tiny;
    }

    /** The tiny array's segment with a copy of these bytes at its start. */
    MemorySegment tinyCopy(byte[] bytes, int from, int length) {
        System.arraycopy(bytes, from, tinyArray, 0, length);
        return tiny;
    }

    void copyTinyTo(byte[] bytes, int to, int length) {
        System.arraycopy(tinyArray, 0, bytes, to, length);
    }

    /** The whole array. */
    MemorySegment of(byte[] array) {
        if (array == lastArray) {
            return lastArraySegment;
        }
        MemorySegment segment = MemorySegment.ofArray(array);
        if (array.length <= LARGEST_KEPT) {
            lastArray = array;
            lastArraySegment = segment;
        }
        return segment;
    }

    /** The whole buffer from 0 to its capacity, whatever its position and limit are; read-only if it is. */
    MemorySegment of(ByteBuffer buffer) {
        if (buffer == lastBuffer) {
            return lastBufferSegment;
        }
        MemorySegment segment = MemorySegment.ofBuffer(buffer.duplicate().clear());
        if (buffer.capacity() <= LARGEST_KEPT) {
            lastBuffer = buffer;
            lastBufferSegment = segment;
        }
        return segment;
    }

    /** Keeps nothing any more. */
    void forget() {
        lastArray = null;
        lastArraySegment = MemorySegment.NULL;
        lastBuffer = null;
        lastBufferSegment = MemorySegment.NULL;
    }

    static void copy(MemorySegment from, long at, MemorySegment to, long offset, long bytes) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, to, ValueLayout.JAVA_BYTE, offset, bytes);
    }
}
