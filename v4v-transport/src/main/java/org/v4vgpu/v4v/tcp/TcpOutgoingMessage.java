package org.v4vgpu.v4v.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.OutgoingMessage;
import org.v4vgpu.v4v.Payload;

/** A payload in the channel's staging buffer. Confined to the sending thread. */
final class TcpOutgoingMessage implements OutgoingMessage {
    private final TcpMessageChannel channel;
    private final int headerBytes;
    private final MemorySegment payload;
    private boolean isOver;

    TcpOutgoingMessage(TcpMessageChannel channel, int headerBytes, MemorySegment payload) {
        this.channel = channel;
        this.headerBytes = headerBytes;
        this.payload = payload;
    }

    @Override
    public Payload payload() {
        return Payload.of(payload);
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
        channel.commit(header, payload);
    }

    @Override
    public void close() {
        if (!isOver) {
            isOver = true;
            channel.abandon();
        }
    }
}
