package org.v4vgpu.v4v.netty;

import java.io.IOException;
import java.nio.file.Path;
import org.v4vgpu.v4v.Regions;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** The same between two domains of a region, where nothing rings. */
class IvshmemV4vChannelTest extends V4vChannelTest {
    @Override
    NettyDomains openDomains() throws IOException {
        Path region = Regions.at(fabric.resolve("region"));
        return new NettyDomains(IvshmemHypervisor.open(region, 1), IvshmemHypervisor.open(region, 2));
    }
}
