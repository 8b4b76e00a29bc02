package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.xen.ArgoHypervisor;

/** The contract over connections on a real Xen, of a domain to itself. */
class ArgoMessageChannelTest extends MessageChannelContract {
    private V4vHypervisor serving;
    private V4vHypervisor connecting;

    @BeforeAll
    static void requireXen() {
        assumeTrue(ArgoHypervisor.isAvailable(), () -> String.valueOf(ArgoHypervisor.unavailabilityCause()));
    }

    @BeforeEach
    @Override
    void open() throws Exception {
        serving = ArgoHypervisor.open();
        connecting = ArgoHypervisor.open();
        super.open();
    }

    @AfterEach
    @Override
    void close() throws Exception {
        super.close();
        serving.close();
        connecting.close();
    }

    @Override
    protected MessageListener listen() throws IOException {
        return V4vListener.open(serving, 4840);
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return V4vConnections.connect(connecting, (V4vAddress) address, 30_000_000_000L);
    }

    @Override
    protected int rounds() {
        return 600;
    }
}
