package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.ArgoReceiveRing;
import org.v4vgpu.v4v.ring.IdleStrategy;

/** How a process enters and leaves its domain where something is in the way; on a Xen that is played in this process. */
@Timeout(60)
class ArgoDomainTest {
    private final FakeXen xen = new FakeXen();

    @TempDir
    Path directory;

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(Condition condition, String what) throws IOException {
        for (int i = 0; !condition.holds(); i++) {
            assertTrue(i < 2000, what);
            IdleStrategy.pause(5_000_000);
        }
    }

    /** The mappings of the memory that Xen may be told of. */
    private List<String> mappings() throws IOException {
        String memory = directory.toRealPath().resolve("memory-1").toString();
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(memory)).toList();
        }
    }

    private void opensAndRegisters() throws IOException {
        try (V4vHypervisor domain = xen.open(1, directory)) {
            domain.register(5, V4vAddress.DOMAIN_ANY, 256);
            assertFalse(mappings().isEmpty(), "so they are counted");
        }
        assertEquals(List.of(), mappings());
    }

    @Test
    void aStartThatFailsKeepsNoMemory() throws Exception {
        xen.refuseBindings(3);
        for (int attempt = 0; attempt < 3; attempt++) {
            assertThrows(IOException.class, () -> xen.open(1, directory));
        }
        assertEquals(List.of(), mappings());
        opensAndRegisters();
    }

    @Test
    void aStartThatFailsAfterTheEventsWereBoundGivesThemBack() throws Exception {
        Path noLedger = Files.createDirectories(directory.resolve("state-1/odd.rings")); // no file can be opened there
        assertThrows(IOException.class, () -> xen.open(1, directory));
        assertEquals(List.of(), mappings());
        Files.delete(noLedger);
        V4vHypervisor domain = xen.open(1, directory);
        domain.close();
        opensAndRegisters();
    }

    @Test
    void closesWhileAnInterruptIsPending() throws Exception {
        for (int i = 0; i < 5; i++) {
            V4vHypervisor domain = xen.open(1, directory);
            domain.register(5, V4vAddress.DOMAIN_ANY, 256);
            Thread.currentThread().interrupt();
            try {
                domain.close();
            } finally {
                assertTrue(Thread.interrupted(), "it stays pending");
            }
            opensAndRegisters();
        }
    }

    @Test
    void livesAndLooksWhereItCannotCleanUp() throws Exception {
        try (V4vHypervisor one = xen.open(1, directory)) {
            V4vHypervisor two = xen.open(2, directory);
            Files.createDirectory(directory.resolve("state-1/odd.rings"));
            ReceiveRing in = one.register(5, 2, 256);
            ArgoReceiveRing there = assertInstanceOf(ArgoReceiveRing.class, two.register(6, 1, 256));
            assertTrue(one.attach(9, there.address()).isPartnerAlive());
            await(there::isPulsing, "it gave no sign of life");
            xen.destroy(2);
            await(() -> !in.isPartnerAlive(), "it did not look for its partner");
            two.close();
        }
    }
}
