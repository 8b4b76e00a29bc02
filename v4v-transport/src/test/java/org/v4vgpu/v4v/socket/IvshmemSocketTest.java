package org.v4vgpu.v4v.socket;

import java.io.IOException;
import org.v4vgpu.v4v.Regions;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** The contract between two domains of a region. */
class IvshmemSocketTest extends V4vSocketTest {
    @Override
    protected V4vHypervisor openDomain(int domain) throws IOException {
        return IvshmemHypervisor.open(Regions.at(directory.resolve("region")), domain);
    }

    @Override
    protected long largeTransferBytes() {
        return 16L << 20;
    }
}
