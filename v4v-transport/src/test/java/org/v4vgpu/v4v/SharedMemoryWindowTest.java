package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over sealed memory, and that nobody but the partner gets it. */
@Isolated("counts what the process has open")
class SharedMemoryWindowTest extends WindowContract {
    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return SharedMemoryHypervisor.open(Fabric.of(directory), domain);
    }

    @Test
    void isForOnePartnerAndOnce() throws IOException {
        try (V4vHypervisor third = open(3);
                Window mine = client.share(1, 5000)) {
            assertEquals(ArgoError.ECONNREFUSED, refusal(() -> third.open(2, mine.name(), 5000)));
            server.open(2, mine.name(), 5000).close();
            assertEquals(ArgoError.ECONNREFUSED, refusal(() -> server.open(2, mine.name(), 5000)));
        }
    }

    @Test
    void isWithdrawnByItsOwner() throws IOException {
        Window mine = client.share(1, 5000);
        mine.close();
        assertEquals(ArgoError.ECONNREFUSED, refusal(() -> server.open(2, mine.name(), 5000)));
    }

    @Test
    void leavesNoDescriptorBehind() throws IOException {
        client.share(1, 1).close(); // what is opened once is open now
        long before = descriptors();
        for (int i = 0; i < 50; i++) {
            Window taken = client.share(1, 4096);
            server.open(2, taken.name(), 4096).close();
            taken.close();
            client.share(1, 4096).close();
            long name = taken.name();
            refusal(() -> server.open(2, name, 4096));
        }
        assertTrue(descriptors() < before + 25, "descriptors before " + before + ", now " + descriptors());
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
