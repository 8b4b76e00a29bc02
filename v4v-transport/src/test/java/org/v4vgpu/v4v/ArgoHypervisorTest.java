package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.v4vgpu.v4v.xen.ArgoHypervisor;

/** The contract on a real Xen, whose domain this process sends to itself. */
class ArgoHypervisorTest extends HypervisorContract {
    @BeforeAll
    static void requireXen() {
        assumeTrue(ArgoHypervisor.isAvailable(), () -> String.valueOf(ArgoHypervisor.unavailabilityCause()));
    }

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return ArgoHypervisor.open();
    }

    @Override
    protected boolean hasMoreDomains() {
        return false;
    }

    @Override
    protected boolean domainsLeave() {
        return false;
    }

    @Override
    protected boolean tellsTheEndBehindAFullRing() {
        return false;
    }

    @Override
    protected int rounds() {
        return 200;
    }

    @Override
    protected long noticeMillis() {
        return 2000; // under emulation; Xen tells nobody, so that it takes a question
    }
}
