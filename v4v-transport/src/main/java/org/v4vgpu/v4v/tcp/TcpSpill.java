package org.v4vgpu.v4v.tcp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What was read only to see whether the stream ends behind it. Confined to the receiving thread, but for {@link #discard}.
 *
 * <p>TCP shows a dead peer's end behind all that it had sent, which can fill the socket buffers of both sides. So whoever asks for
 * the peer's life while it takes no messages must take those bytes aside. From a peer that lives and goes on sending no more than
 * the two buffers hold is taken in each {@link #DRAIN_NANOS}, and in all as much as {@link #MOST_BYTES} of a channel and
 * {@link #LEFT} of the process allow; from then on the end is not seen before messages have been received.
 */
final class TcpSpill {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final long MOST_BYTES = 64 << 20;

    /** Twice what Linux lets a send buffer grow to (tcp_wmem in tcp(7)). */
    private static final long LONGEST_SEND_BUFFER_BYTES = 8 << 20;

    private static final long DRAIN_NANOS = 500_000_000;

    /** Bytes that all channels together may still take aside. */
    private static final AtomicLong LEFT =
            new AtomicLong(Math.min(256 << 20, Runtime.getRuntime().maxMemory() / 8));

    /** Filled chunks, each from its position to its limit; empty ones never. */
    private final ArrayDeque<ByteBuffer> chunks = new ArrayDeque<>();

    private long allowance;
    private long allowedNanos = System.nanoTime() - DRAIN_NANOS;

    // Guarded by this.
    private long reservedBytes;
    private boolean discarded;

    boolean isEmpty() {
        return chunks.isEmpty();
    }

    /** Takes aside what is there, within the limits. False if the stream has ended. */
    boolean fill(ByteStream stream) throws IOException {
        allow(stream);
        while (allowance > 0 && reserve()) {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).limit((int) Math.min(CHUNK_BYTES, allowance));
            int bytes = 0;
            try {
                bytes = stream.read(chunk);
            } finally {
                if (bytes <= 0) {
                    free();
                }
            }
            if (bytes <= 0) {
                return bytes == 0;
            }
            allowance -= bytes;
            chunks.add(chunk.flip());
        }
        return true;
    }

    /** What a peer can have sent before it died, anew in each period: what our buffer is now, and its buffer at its longest. */
    private void allow(ByteStream stream) throws IOException {
        long now = System.nanoTime();
        if (now - allowedNanos >= DRAIN_NANOS) {
            allowedNanos = now;
            allowance = 2L * stream.receiveBufferBytes() + LONGEST_SEND_BUFFER_BYTES;
        }
    }

    /** Moves what was taken aside first into a buffer with room. The bytes moved. */
    int take(ByteBuffer target) {
        int before = target.position();
        while (target.hasRemaining() && !chunks.isEmpty()) {
            ByteBuffer chunk = chunks.element();
            int bytes = Math.min(target.remaining(), chunk.remaining());
            target.put(target.position(), chunk, chunk.position(), bytes);
            target.position(target.position() + bytes);
            chunk.position(chunk.position() + bytes);
            if (!chunk.hasRemaining()) {
                chunks.remove();
                free();
            }
        }
        return target.position() - before;
    }

    private synchronized boolean reserve() {
        if (discarded || reservedBytes + CHUNK_BYTES > MOST_BYTES) {
            return false;
        }
        if (LEFT.addAndGet(-CHUNK_BYTES) < 0) {
            LEFT.addAndGet(CHUNK_BYTES);
            return false;
        }
        reservedBytes += CHUNK_BYTES;
        return true;
    }

    private synchronized void free() {
        if (!discarded) {
            reservedBytes -= CHUNK_BYTES;
            LEFT.addAndGet(CHUNK_BYTES);
        }
    }

    /** Lets other channels have the memory: this one is closed. Any thread. */
    synchronized void discard() {
        if (!discarded) {
            discarded = true;
            LEFT.addAndGet(reservedBytes);
        }
    }
}
