package org.v4vgpu.server.session;

import org.v4vgpu.v4v.ChannelAddress;

/** The contract over TCP. */
final class TcpServerTest extends NetworkServerContract {
    @Override
    ChannelAddress address() {
        return ChannelAddress.parse("tcp://127.0.0.1:0");
    }
}
