package org.v4vgpu.v4v;

/** The contract on the model: what fails here is the contract's fault. */
class ModelHypervisorTest extends HypervisorContract {
    private final ModelFabric fabric = new ModelFabric();

    @Override
    protected V4vHypervisor open(int domain) {
        return fabric.open(domain);
    }
}
