package org.v4vgpu.v4v;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Space claimed for one message. Confined to the sending thread. Closed without a commit, nothing is sent. */
public interface OutgoingMessage extends AutoCloseable {
    /** Where the payload is to be written. */
    Payload payload();

    /** Publishes the message. The header must have the length that was claimed. */
    void commit(MemorySegment header) throws IOException;

    /** Gives the claim back if it was not committed. */
    @Override
    void close();
}
