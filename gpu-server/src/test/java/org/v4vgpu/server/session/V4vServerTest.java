package org.v4vgpu.server.session;

import org.v4vgpu.v4v.ChannelAddress;

/** The contract over V4V on shared memory. */
final class V4vServerTest extends NetworkServerContract {
    @Override
    ChannelAddress address() {
        return ChannelAddress.parse("v4v://1:4840");
    }
}
