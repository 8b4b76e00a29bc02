package org.v4vgpu.v4v.connection;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PayloadView;

/**
 * A message received from a ring; used again for a later message once it is closed. Confined to the receiving thread.
 *
 * <p>A message without payload has left the ring when it is handed out, for its header is a copy.
 */
final class V4vIncomingMessage implements IncomingMessage {
    private static final int SMALLEST_HEADER_ARRAY = 128;

    private final V4vMessageChannel channel;
    private byte[] array = new byte[SMALLEST_HEADER_ARRAY];
    private MemorySegment whole = MemorySegment.ofArray(array);
    private MemorySegment header = whole;
    private final PayloadView payload = new PayloadView();

    /** Where its record ends. */
    long end;

    /** Whether the ring's space can be given back. */
    boolean isSpent;

    boolean isClosed;
    private boolean holds;

    V4vIncomingMessage(V4vMessageChannel channel) {
        this.channel = channel;
    }

    /** Where to copy the header. */
    MemorySegment headerSpace(int headerBytes) {
        if (headerBytes > array.length) {
            array = new byte[Integer.highestOneBit(headerBytes - 1) << 1];
            whole = MemorySegment.ofArray(array);
            header = whole;
        }
        if (header.byteSize() != headerBytes) {
            header = whole.asSlice(0, headerBytes); // seldom: headers of one kind of call have one length
        }
        return header;
    }

    /** What shows the payload, to be pointed at it before {@link #open}. */
    PayloadView payloadView() {
        return payload;
    }

    void open(long recordEnd, boolean holdsRing) {
        end = recordEnd;
        holds = holdsRing;
        isSpent = !holdsRing;
        isClosed = false;
    }

    @Override
    public MemorySegment header() {
        return header;
    }

    @Override
    public Payload payload() {
        return payload;
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            isSpent = true;
            payload.clear();
            if (holds) {
                holds = false;
                channel.released();
            }
        }
    }
}
