package org.v4vgpu.v4v;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** The contract over V4V between two domains of a region, both in this process. */
class IvshmemMessageChannelTest extends MessageChannelContract {
    private V4vHypervisor serving;
    private V4vHypervisor connecting;

    @TempDir
    Path directory;

    @BeforeEach
    @Override
    void open() throws Exception {
        Path region = Regions.at(directory.resolve("region"));
        serving = IvshmemHypervisor.open(region, 1);
        connecting = IvshmemHypervisor.open(region, V4vAddress.DOMAIN_ANY);
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
        return V4vConnections.connect(connecting, (V4vAddress) address, 10_000_000_000L);
    }
}
