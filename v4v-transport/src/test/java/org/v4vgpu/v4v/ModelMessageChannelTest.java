package org.v4vgpu.v4v;

/** Connections need nothing of a hypervisor but the contract: they run on the model, where senders stage, as on Xen. */
class ModelMessageChannelTest extends V4vMessageChannelContract {
    private final ModelFabric fabric = new ModelFabric();

    @Override
    protected V4vHypervisor open(int domain) {
        return fabric.open(domain);
    }

    @Override
    protected int ringBytes() {
        return 1 << 18;
    }
}
