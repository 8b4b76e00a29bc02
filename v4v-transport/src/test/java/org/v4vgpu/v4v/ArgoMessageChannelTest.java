package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.v4vgpu.v4v.xen.ArgoHypervisor;

/** The contract over connections on a real Xen, of a domain to itself. */
class ArgoMessageChannelTest extends V4vMessageChannelContract {
    @BeforeAll
    static void requireXen() {
        assumeTrue(ArgoHypervisor.isAvailable(), () -> String.valueOf(ArgoHypervisor.unavailabilityCause()));
    }

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return ArgoHypervisor.open();
    }

    @Override
    protected int rounds() {
        return 600;
    }
}
