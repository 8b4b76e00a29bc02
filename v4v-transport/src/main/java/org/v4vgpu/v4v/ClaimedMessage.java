package org.v4vgpu.v4v;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Space claimed in a channel, to be committed or given back once. Confined to the sending thread. */
public final class ClaimedMessage implements OutgoingMessage {
    /** What the channel does with the claim in the end. */
    public interface Claim {
        /** Publishes the message; the header has the length that was claimed. */
        void commit(MemorySegment header) throws IOException;

        /** Forgets it. */
        void abandon();
    }

    private final Claim claim;
    private final int headerBytes;
    private final Payload payload;
    private boolean isOver;

    /** A claim for a header of that length and a payload in that space. */
    public ClaimedMessage(Claim claim, int headerBytes, Payload payload) {
        this.claim = claim;
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
        claim.commit(header);
    }

    @Override
    public void close() {
        if (!isOver) {
            isOver = true;
            claim.abandon();
        }
    }
}
