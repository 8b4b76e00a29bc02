package org.v4vgpu.v4v;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;

/** The contract over connections of a hypervisor, from domain 2 to domain 1. */
abstract class V4vMessageChannelContract extends MessageChannelContract {
    protected V4vHypervisor serving;
    protected V4vHypervisor connecting;

    /** The view of a domain; domains opened in one test see each other. */
    protected abstract V4vHypervisor open(int domain) throws IOException;

    /** Of each direction's ring. */
    protected int ringBytes() {
        return 1 << 20;
    }

    @BeforeEach
    @Override
    void open() throws Exception {
        serving = open(1);
        connecting = open(2);
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
        return V4vListener.open(serving, 4840, ringBytes());
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return V4vConnections.connect(connecting, (V4vAddress) address, 30_000_000_000L, ringBytes());
    }
}
