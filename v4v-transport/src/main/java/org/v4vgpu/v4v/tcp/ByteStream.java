package org.v4vgpu.v4v.tcp;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A connected stream of bytes on which {@link TcpMessageChannel} frames messages: a socket, or a channel of Netty. One thread reads
 * and one writes; they may be the same. {@link #close} is safe from any thread, and ends what the others wait for.
 */
public interface ByteStream extends Closeable {
    /**
     * Reads what is there, without waiting.
     *
     * @param into has space
     * @return the bytes read; 0 if there are none now, -1 if none will come
     * @throws java.nio.channels.ClosedChannelException if this side has closed the stream
     */
    int read(ByteBuffer into) throws IOException;

    /**
     * Sleeps until something may be read, the stream is closed or the time is over; may return before that. An interrupt does not end it.
     *
     * @param timeoutNanos more than 0; {@link Long#MAX_VALUE} for ever
     * @throws java.nio.channels.ClosedChannelException if this side has closed the stream
     */
    void awaitReadable(long timeoutNanos) throws IOException;

    /**
     * Writes all of both, waiting for space as long as it takes.
     *
     * @param first has bytes; {@code second} may have none
     * @throws java.nio.channels.ClosedChannelException if this side has closed the stream
     */
    void write(ByteBuffer first, ByteBuffer second) throws IOException;

    /** Whether {@link #write} takes native memory of this kind: not if another thread may do it, and the memory is one thread's. */
    boolean writes(MemorySegment memory);

    /** Writes what there is space for and says that nothing follows. Never waits; a close comes next. */
    void writeLast(ByteBuffer last) throws IOException;

    /** About how many bytes can have arrived without having been read. */
    int receiveBufferBytes() throws IOException;

    /** Idempotent. */
    @Override
    void close() throws IOException;
}
