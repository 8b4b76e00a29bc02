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
    private final Payload payload;
    private int headerBytes;
    private boolean isOver = true;

    /** To be {@linkplain #open opened} for one claim after another, each with its payload there. */
    public ClaimedMessage(Claim claim, Payload payload) {
        this.claim = claim;
        this.payload = payload;
    }

    /** A claim for a header of that length and a payload in that space. */
    public ClaimedMessage(Claim claim, int headerBytes, Payload payload) {
        this(claim, payload);
        open(headerBytes);
    }

    /** For the channel: this is now the claim for a header of that length. The one before must be over. */
    public void open(int newHeaderBytes) {
        headerBytes = newHeaderBytes;
        isOver = false;
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
