package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;

/**
 * A payload that its owner points at one message after another, so that none of them costs an object. Confined like the message
 * that it belongs to; what it shows when it is not pointed at one is empty.
 */
public final class PayloadView extends Payload {
    public PayloadView() {
        super(MemorySegment.NULL, MemorySegment.NULL);
    }

    /**
     * Shows bytes of a ring.
     *
     * @param ring all of its memory
     * @param from where the bytes begin
     * @param length how many there are up to the wrap
     * @param wrap where they go on
     * @param wrapLength how many there are after it, 0 where there is no wrap
     */
    public void show(MemorySegment ring, long from, long length, long wrap, long wrapLength) {
        memory = ring;
        at = from;
        bytes = length;
        wrappedMemory = ring;
        wrappedAt = wrap;
        wrappedBytes = wrapLength;
        first = null;
        second = null;
    }

    /** Shows what another one does. */
    public void show(Payload other) {
        memory = other.memory;
        at = other.at;
        bytes = other.bytes;
        wrappedMemory = other.wrappedMemory;
        wrappedAt = other.wrappedAt;
        wrappedBytes = other.wrappedBytes;
        first = other.first;
        second = other.second;
    }

    /** Shows nothing any more. */
    public void clear() {
        show(EMPTY);
    }
}
