package org.v4vgpu.v4v;

import java.io.IOException;

/** An address at which channels can be opened. Safe for any thread. */
public interface MessageListener extends AutoCloseable {
    /** The address as bound: a port of 0 has become the real one. */
    ChannelAddress address();

    /**
     * Waits for the next peer. A connection that fails before it is whole (another protocol, another version, a peer that
     * vanishes) is logged and does not end the listener.
     *
     * <p>The channel may be handed to another thread before its first use.
     *
     * @throws IOException if the listener is closed
     */
    MessageChannel accept() throws IOException;

    /** Stops listening; accepted channels live on. Idempotent. */
    @Override
    void close();
}
