package org.v4vgpu.v4v;

import java.io.IOException;

/** The contract over Netty's sockets on loopback. */
class NettyTcpMessageChannelTest extends MessageChannelContract {
    @Override
    protected MessageListener listen() throws IOException {
        return MessageChannels.listen(ChannelAddress.parse("tcp+netty://127.0.0.1:0"));
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return MessageChannels.connect(address);
    }
}
