package org.v4vgpu.v4v;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** The contract over V4V between two domains of a region, both in this process. */
class IvshmemMessageChannelTest extends V4vMessageChannelContract {
    @TempDir
    Path directory;

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return IvshmemHypervisor.open(Regions.at(directory.resolve("region")), domain);
    }
}
