package org.v4vgpu.v4v;

import java.io.IOException;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;

/** Connections need nothing of a hypervisor but the contract: they run on the model, where senders stage, as on Xen. */
class ModelMessageChannelTest extends MessageChannelContract {
    private final ModelFabric fabric = new ModelFabric();
    private final V4vHypervisor serving = fabric.open(1);
    private final V4vHypervisor connecting = fabric.open(2);

    @Override
    protected MessageListener listen() throws IOException {
        return V4vListener.open(serving, 4840, 1 << 18);
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return V4vConnections.connect(connecting, (V4vAddress) address, 10_000_000_000L, 1 << 18);
    }
}
