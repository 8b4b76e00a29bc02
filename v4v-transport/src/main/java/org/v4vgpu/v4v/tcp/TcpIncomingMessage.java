package org.v4vgpu.v4v.tcp;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.Payload;

/** A message where the socket was read into. Confined to the receiving thread. */
final class TcpIncomingMessage implements IncomingMessage {
    private final TcpReceiver receiver;
    private final ReceiveBlock block;
    private final MemorySegment header;
    private final Payload payload;
    private boolean isClosed;

    TcpIncomingMessage(TcpReceiver receiver, ReceiveBlock block, MemorySegment header, Payload payload) {
        this.receiver = receiver;
        this.block = block;
        this.header = header;
        this.payload = payload;
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
            receiver.release(block);
        }
    }
}
