package org.v4vgpu.v4v;

import java.io.IOException;

/** Opens channels and listeners by address. Safe for any thread. */
public final class MessageChannels {
    private MessageChannels() {}

    /**
     * Connects to a listener.
     *
     * @throws IOException with one line that names the address, the cause and what to do, if nobody listens there, the peer
     *     speaks another protocol or version, or it does not answer in time
     */
    public static MessageChannel connect(ChannelAddress address) throws IOException {
        throw new IOException("no transport for " + address);
    }

    /** Listens at an address. */
    public static MessageListener listen(ChannelAddress address) throws IOException {
        throw new IOException("no transport for " + address);
    }
}
