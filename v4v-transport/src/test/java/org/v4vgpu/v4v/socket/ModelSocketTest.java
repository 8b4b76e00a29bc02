package org.v4vgpu.v4v.socket;

import org.v4vgpu.v4v.ModelFabric;
import org.v4vgpu.v4v.V4vHypervisor;

/** The contract on the model: sockets need nothing of a hypervisor but its contract. */
class ModelSocketTest extends V4vSocketTest {
    private final ModelFabric fabric = new ModelFabric();

    @Override
    protected V4vHypervisor openDomain(int domain) {
        return fabric.open(domain);
    }

    @Override
    protected long largeTransferBytes() {
        return 4L << 20;
    }
}
