package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over sealed memory and Unix sockets, both domains in this process. */
class SharedMemoryHypervisorTest extends HypervisorContract {
    @TempDir
    Path directory;

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return SharedMemoryHypervisor.open(Fabric.of(directory), domain);
    }

    @Test
    void givesADomainToOneOnlyAndAnewAfterItLeft() throws IOException {
        IOException e = assertThrows(IOException.class, () -> open(1));
        assertTrue(String.valueOf(e.getMessage()).contains("domain 1"), e.getMessage());
        sender.close();
        sender = open(1);
    }

    @Test
    void findsAFreeDomain() throws IOException {
        try (V4vHypervisor third = open(V4vAddress.DOMAIN_ANY)) {
            assertTrue(third.domain() > 2);
        }
    }
}
