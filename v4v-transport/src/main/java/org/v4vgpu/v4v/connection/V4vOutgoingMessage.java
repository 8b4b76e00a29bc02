package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.OutgoingMessage;
import org.v4vgpu.v4v.Payload;

/** Space claimed in the peer's ring. Confined to the sending thread. */
final class V4vOutgoingMessage implements OutgoingMessage {
    private final V4vMessageChannel channel;
    private final int headerBytes;
    private final Payload payload;
    private boolean isOver;

    V4vOutgoingMessage(V4vMessageChannel channel, int headerBytes, Payload payload) {
        this.channel = channel;
        this.headerBytes = headerBytes;
        this.payload = payload;
    }

    @Override
    public Payload payload() {
        return payload;
    }

    @Override
    public void commit(MemorySegment header) throws IOException {
        if (isOver) {
            throw new IllegalStateException("the message was committed or closed before");
        }
        if (header.byteSize() != headerBytes) {
            throw new IllegalArgumentException(
                    "header of " + header.byteSize() + " bytes where " + headerBytes + " were claimed");
        }
        isOver = true;
        channel.commit(header);
    }

    @Override
    public void close() {
        if (!isOver) {
            isOver = true;
            channel.abandon();
        }
    }
}
