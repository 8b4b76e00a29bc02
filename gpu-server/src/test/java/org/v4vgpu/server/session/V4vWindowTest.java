package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** Windows over shared memory, and the death of a real client process. */
final class V4vWindowTest extends WindowServerContract {
    @Override
    V4vHypervisor open(int domain) throws IOException {
        return SharedMemoryHypervisor.open(Fabric.of(directory), domain);
    }

    @Override
    int mappedWindows() throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return (int) maps.filter(line -> line.contains("memfd:v4v-window")).count();
        }
    }

    @Test
    void nothingIsLeftOfAProcessKilledWithinItsCopies() throws Exception {
        try (ClientProcess victim = ClientProcess.start("window", ADDRESS.toString(), directory)) {
            assertEquals("ready", victim.readLine());
            assertEquals(1, mappedWindows());
            long start = System.nanoTime();
            victim.kill();
            while (mappedWindows() > 0) {
                assertTrue(System.nanoTime() - start < 1_000_000_000L, "the window of a dead client is mapped");
            }
        }
    }
}
