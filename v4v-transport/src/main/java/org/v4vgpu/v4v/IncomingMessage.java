package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;

/** A received message. Confined to the thread that received it until it is released; its segments are dead afterwards. */
public interface IncomingMessage extends AutoCloseable {
    /** A private copy: the peer can't change it any more. Valid until the message is released. */
    MemorySegment header();

    /** In place: a hostile peer may change these bytes while they are read, so nothing in them may be checked and then trusted. */
    Payload payload();

    /** Gives the space back to the sender. Idempotent. */
    @Override
    void close();
}
