package org.v4vgpu.v4v;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connected pair of directions that carry messages: a small header, which the receiver gets as a private copy, and a raw
 * payload, which it reads in place.
 *
 * <p>One thread sends and one thread receives; they may be the same, and usually are. {@link #close()} is safe from any thread
 * and ends what the others are waiting for. Sending blocks while the peer has no space: that is the back pressure. Nothing
 * hangs: every wait ends by data, space, close, the peer's death or a deadline. An interrupt ends no wait and stays pending: half a
 * message could not be taken back.
 *
 * {@snippet :
 *   channel.send(header, payload);
 *   try (IncomingMessage reply = channel.receive()) {
 *       reply.payload().copyTo(destination, 0);
 *   }
 * }
 */
public interface MessageChannel extends AutoCloseable {

    /** The largest header that {@link #send} takes, in bytes; at least 64 KiB. */
    int maximumHeaderBytes();

    /**
     * The largest payload of one message, in bytes, beside a header of the largest size; whoever has more sends several
     * messages. A value of the channel's choice that streams well (chunks that fit the cache).
     */
    int maximumPayloadBytes();

    /** Sends a message without a payload. As {@link #send(MemorySegment, MemorySegment)}. */
    default void send(MemorySegment header) throws IOException {
        send(header, MemorySegment.NULL);
    }

    /**
     * Sends a message. When this returns, both segments may be reused: the bytes are in the peer's ring or the socket's buffer.
     * The segments may lie on the heap.
     *
     * @throws IOException if the channel is closed or the peer gone; nothing of the message reached the peer, or the channel
     *     is broken
     * @throws IllegalArgumentException if header or payload exceed the limits
     */
    void send(MemorySegment header, MemorySegment payload) throws IOException;

    /**
     * Claims space for a message whose payload the caller writes itself, straight into the peer's ring where the transport
     * allows it. Blocks while there is no space. Nothing else may be sent before {@link OutgoingMessage#commit}.
     */
    OutgoingMessage claim(int headerBytes, int payloadBytes) throws IOException;

    /**
     * As {@link #claim}, behind what is claimed already and not committed, of which there must be something, so that a device can fill several payloads at the same time. They
     * are committed in the order in which they were claimed; one that is closed instead takes those behind it along. Never blocks.
     *
     * @return null if the channel has no space for that now, or takes one claim at a time; the caller commits the oldest, and asks again
     */
    default @Nullable OutgoingMessage claimFurther(int headerBytes, int payloadBytes) throws IOException {
        return null;
    }

    /**
     * Says that nothing more will be sent; the other direction goes on. The peer receives what was sent before and then
     * {@link java.io.EOFException}, while it goes on sending and this side receiving. Blocks while there is no space. Called by the
     * sending thread; idempotent.
     *
     * @throws IOException if the channel is closed or the peer gone
     * @throws IllegalStateException if a message is claimed
     */
    void shutdownOutput() throws IOException;

    /**
     * Receives the next message, waiting for it. The message must be released; several may be held at once, up to what the ring
     * holds, and released in any order.
     *
     * @throws java.io.EOFException if the peer closed the channel in order or ended its output, and everything it sent has been
     *     received
     * @throws PeerLostException if the peer died
     * @throws IOException if the channel is closed or broken
     */
    IncomingMessage receive() throws IOException;

    /**
     * As {@link #receive()}, but gives up after a time and leaves the channel usable.
     *
     * @throws java.net.SocketTimeoutException when no message came in {@code timeoutNanos}
     */
    IncomingMessage receive(long timeoutNanos) throws IOException;

    /**
     * Whether {@link #receive()} would end at once, with a message or without: for whoever has something else to wait for meanwhile, such as a
     * device that reads the payloads of messages that are still held. Never waits. False also where the channel can't tell. The receiving
     * thread's.
     */
    default boolean isReady() throws IOException {
        return false;
    }

    /**
     * Whether the peer still holds its end, even if it has ended its output. Called by the receiving thread while it is busy elsewhere, to notice a peer that
     * died or closed meanwhile; cheap enough for every 10 ms. Messages that wait are not lost by it.
     */
    boolean isPeerAlive();

    /** Whether {@link #close()} has not been called and the channel has not broken. */
    boolean isOpen();

    /** The other side as somebody to share memory with; empty where the transport reaches another machine. */
    default Optional<WindowPartner> windowPartner() {
        return Optional.empty();
    }

    /**
     * Holds the memory that payloads lie in, on the way in and on the way out, where that is the same as long as the channel lives: for a
     * device that wants to prepare it for its DMA.
     */
    default HeldMemory holdMemory() {
        return HeldMemory.NONE;
    }

    /** The peer, for people: {@code v4v://3:2147483649} or {@code tcp://127.0.0.1:51234}. */
    String peer();

    /** Closes in order: what was sent before is delivered, if the peer goes on reading. Idempotent. */
    @Override
    void close();
}
