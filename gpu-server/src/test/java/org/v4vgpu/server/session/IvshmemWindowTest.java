package org.v4vgpu.server.session;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** Windows in a region that machines share. */
final class IvshmemWindowTest extends WindowServerContract {
    @Override
    V4vHypervisor open(int domain) throws IOException {
        Path region = directory.resolve("region");
        if (!Files.exists(region)) {
            try (FileChannel file = FileChannel.open(region, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.allocate(1), (32L << 20) - 1);
            }
        }
        return IvshmemHypervisor.open(region, domain);
    }

    @Override
    int mappedWindows() {
        return 0;
    }
}
