package org.v4vgpu.v4v.tcp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Memory into which a socket is read and in which messages lie until they are released. Confined to the receiving thread.
 *
 * <p>Its memory belongs to the garbage collector: a channel may be closed by one thread while another reads a message.
 */
final class ReceiveBlock {
    /** One frame of the largest size and some that follow it. */
    static final int BYTES = 512 * 1024;

    final MemorySegment segment = Arena.ofAuto().allocate(BYTES, 64);
    final ByteBuffer buffer = segment.asByteBuffer();

    /** Messages in this block that are not released. */
    int held;
}
