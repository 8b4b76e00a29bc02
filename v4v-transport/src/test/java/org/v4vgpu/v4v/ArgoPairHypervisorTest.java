package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.v4vgpu.v4v.xen.ArgoHypervisor;

/**
 * The contract between two domains of a real Xen: the receiver in this one, the sender in the one that {@code -Dv4vgpu.xen.peer}
 * names, where {@code DomainProcess serve v4v://<its id>:4850} obeys over a connection of its own.
 */
class ArgoPairHypervisorTest extends HypervisorContract {
    private static final Integer PEER = Integer.getInteger("v4vgpu.xen.peer");
    private static final long PORT = 4850;

    private static @Nullable DomainProcess process;

    @BeforeAll
    static void connect() throws IOException {
        assumeTrue(PEER != null, "no other domain is named");
        assumeTrue(ArgoHypervisor.isAvailable(), () -> String.valueOf(ArgoHypervisor.unavailabilityCause()));
        process = new DomainProcess(new V4vAddress(PEER, PORT));
    }

    @AfterAll
    static void disconnect() {
        if (process != null) {
            process.close();
        }
    }

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return domain == 2 ? ArgoHypervisor.open() : process.open(DomainProcess.XEN, PEER);
    }

    @Override
    protected int ringsInUse() {
        return 1; // what the connection to the other process takes
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
