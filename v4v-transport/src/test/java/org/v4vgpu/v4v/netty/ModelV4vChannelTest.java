package org.v4vgpu.v4v.netty;

import org.v4vgpu.v4v.ModelFabric;

/** The same on the model: channels need nothing of a hypervisor but its contract. */
class ModelV4vChannelTest extends V4vChannelTest {
    @Override
    NettyDomains openDomains() {
        ModelFabric model = new ModelFabric();
        return new NettyDomains(model.open(1), model.open(2));
    }
}
