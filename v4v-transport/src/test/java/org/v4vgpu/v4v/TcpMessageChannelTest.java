package org.v4vgpu.v4v;

import java.io.IOException;

/** The contract over TCP on loopback. */
class TcpMessageChannelTest extends MessageChannelContract {
    @Override
    protected MessageListener listen() throws IOException {
        return MessageChannels.listen(ChannelAddress.parse("tcp://127.0.0.1:0"));
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return MessageChannels.connect(address);
    }
}
