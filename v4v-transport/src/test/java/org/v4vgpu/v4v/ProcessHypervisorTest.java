package org.v4vgpu.v4v;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over sealed memory and Unix sockets: the receiver in this process, all senders in another. */
class ProcessHypervisorTest extends HypervisorContract {
    private static DomainProcess process;

    @TempDir
    Path directory;

    @BeforeAll
    static void start() throws IOException {
        process = new DomainProcess();
    }

    @AfterAll
    static void stop() {
        process.close();
    }

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return domain == 2
                ? SharedMemoryHypervisor.open(Fabric.of(directory), domain)
                : process.open(directory, domain);
    }
}
