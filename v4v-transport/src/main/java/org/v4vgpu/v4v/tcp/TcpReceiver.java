package org.v4vgpu.v4v.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.Payload;

/**
 * Cuts a stream's bytes into messages, in place. Confined to the receiving thread.
 *
 * <p>A read takes what is there, but not much beyond the frame that it completes: so a large frame is followed by an empty buffer
 * and not by a part of the next one, which would have to be moved. Only to see whether the peer lives it reads on, aside.
 */
final class TcpReceiver {
    private static final int READ_AHEAD_BYTES = 64 * 1024;
    private static final int SPARE_BLOCKS = 4;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private final ByteStream stream;
    private final String peer;
    private final ArrayDeque<ReceiveBlock> spare = new ArrayDeque<>();
    private final TcpSpill spill = new TcpSpill();
    private ReceiveBlock block = new ReceiveBlock();

    // What has been read and not yet cut, as offsets into the block.
    private int from;
    private int to;

    private boolean saidGoodbye;
    private boolean saidEnd;

    /** The stream's end was seen; something may have been taken aside before it. */
    private boolean ended;

    TcpReceiver(ByteStream stream, String peer) {
        this.stream = stream;
        this.peer = peer;
    }

    /** Whether a frame has begun that is not whole. */
    boolean isWithinFrame() {
        return from < to;
    }

    /** Whether the peer said that it would close. */
    boolean saidGoodbye() {
        return saidGoodbye;
    }

    /** Whether the peer said that it sends nothing more. */
    boolean saidEnd() {
        return saidEnd;
    }

    /**
     * Whether the peer still holds its end, as far as that can be seen without waiting. What stands before the end is taken aside, so
     * that a peer is seen to have died though nobody receives what it sent.
     */
    boolean isPeerAlive() throws IOException {
        int bytes;
        do {
            bytes = spill.isEmpty() && !hasWholeFrame() ? read() : 0;
        } while (bytes > 0);
        if (!ended && !isGoodbyeNext() && (!spill.isEmpty() || hasWholeFrame())) {
            ended = !spill.fill(stream);
        }
        return !ended && !saidGoodbye && !isGoodbyeNext();
    }

    private boolean hasWholeFrame() throws IOException {
        return to - from >= TcpDescriptor.PREFIX_BYTES
                && (isGoodbyeNext() || isSignalNext(TcpDescriptor.END) || to - from >= nextFrameBytes());
    }

    private boolean isGoodbyeNext() {
        return isSignalNext(TcpDescriptor.GOODBYE);
    }

    private boolean isSignalNext(int kind) {
        return to - from >= TcpDescriptor.PREFIX_BYTES
                && block.segment.get(INT, from) == TcpDescriptor.SIGNAL
                && block.segment.get(INT, from + 4L) == kind;
    }

    private int nextFrameBytes() throws IOException {
        return frameBytes(block.segment.get(INT, from), block.segment.get(INT, from + 4L));
    }

    /** The channel is closed: what was taken aside counts no more. Any thread. */
    void discardSpill() {
        spill.discard();
    }

    /** The next whole message among what was read; null if there is none. */
    @Nullable
    TcpIncomingMessage next() throws IOException {
        if (to - from < TcpDescriptor.PREFIX_BYTES || saidGoodbye) {
            return null;
        }
        if (isGoodbyeNext()) {
            saidGoodbye = true;
            return null;
        }
        if (isSignalNext(TcpDescriptor.END)) {
            saidEnd = true;
            from += TcpDescriptor.PREFIX_BYTES;
            return null;
        }
        int headerBytes = block.segment.get(INT, from);
        int payloadBytes = block.segment.get(INT, from + 4L);
        int frameBytes = frameBytes(headerBytes, payloadBytes);
        if (to - from < frameBytes) {
            return null;
        }
        long header = from + (long) TcpDescriptor.PREFIX_BYTES;
        Payload payload = payloadBytes == 0
                ? Payload.EMPTY
                : Payload.of(block.segment.asSlice(header + headerBytes, payloadBytes));
        // On the heap, so that decoders find an array; nobody but us can change a socket's buffer, but ours is used
        // again.
        byte[] copy = new byte[headerBytes];
        MemorySegment.copy(block.segment, ValueLayout.JAVA_BYTE, header, copy, 0, headerBytes);
        TcpIncomingMessage message = new TcpIncomingMessage(this, block, MemorySegment.ofArray(copy), payload);
        block.held++;
        from += frameBytes;
        return message;
    }

    private int frameBytes(int headerBytes, int payloadBytes) throws IOException {
        if (headerBytes < 0
                || payloadBytes < 0
                || headerBytes > TcpDescriptor.MAXIMUM_HEADER_BYTES
                || payloadBytes > TcpDescriptor.MAXIMUM_PAYLOAD_BYTES) {
            throw new IOException(peer + " sent a frame with a header of " + Integer.toUnsignedString(headerBytes)
                    + " and a payload of " + Integer.toUnsignedString(payloadBytes) + " bytes");
        }
        return TcpDescriptor.PREFIX_BYTES + headerBytes + payloadBytes;
    }

    /**
     * Reads what is there without waiting, while no whole frame is. The bytes read; 0 if there are none, -1 at the end of the stream.
     */
    int read() throws IOException {
        int wanted = to - from < TcpDescriptor.PREFIX_BYTES ? TcpDescriptor.PREFIX_BYTES : nextFrameBytes();
        makeRoom(wanted);
        int limit = wanted > READ_AHEAD_BYTES ? from + wanted : Math.max(from + wanted, to + READ_AHEAD_BYTES);
        block.buffer.limit(Math.min(limit, ReceiveBlock.BYTES)).position(to);
        int bytes = spill.isEmpty() ? readStream() : spill.take(block.buffer);
        to += Math.max(bytes, 0);
        return bytes;
    }

    private int readStream() throws IOException {
        int bytes = ended ? -1 : stream.read(block.buffer);
        ended = bytes < 0;
        return bytes;
    }

    /** Makes a frame of that length, which begins at {@code from}, fit into the block with at least one more byte to read. */
    private void makeRoom(int frameBytes) {
        if (from == to && block.held == 0) {
            from = 0;
            to = 0;
        }
        if (from + frameBytes <= ReceiveBlock.BYTES && to < ReceiveBlock.BYTES) {
            return;
        }
        ReceiveBlock next = block;
        if (block.held > 0) {
            next = spare.isEmpty() ? new ReceiveBlock() : spare.pop();
        }
        MemorySegment.copy(block.segment, from, next.segment, 0, to - from);
        to -= from;
        from = 0;
        block = next;
    }

    void release(ReceiveBlock released) {
        released.held--;
        if (released.held == 0 && released != block && spare.size() < SPARE_BLOCKS) {
            spare.push(released);
        }
    }
}
