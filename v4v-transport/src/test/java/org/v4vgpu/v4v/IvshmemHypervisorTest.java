package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** The contract over one region, both domains in this process. */
class IvshmemHypervisorTest extends HypervisorContract {
    @TempDir
    Path directory;

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return IvshmemHypervisor.open(Regions.at(directory.resolve("region")), domain);
    }

    @Override
    protected boolean keepsWaitingLists() {
        return false;
    }

    @Test
    void givesADomainToOneOnlyAndAnewAfterItLeft() throws IOException {
        IOException e = assertThrows(IOException.class, () -> open(1));
        assertTrue(String.valueOf(e.getMessage()).contains("domain 1"), e.getMessage());
        sender.close();
        sender = open(1);
        assertThrows(IOException.class, () -> open(64));
    }

    @Test
    void findsAFreeDomain() throws IOException {
        try (V4vHypervisor third = open(V4vAddress.DOMAIN_ANY)) {
            assertTrue(third.domain() > 2);
        }
    }

    @Test
    void keepsTheSpaceOfAClosedRingWhileSomebodyWritesIt() throws IOException {
        ReceiveRing ring = receiver.register(5000, 1, 256);
        SendRing out = sender.attach(1, ring.address());
        assertTrue(out.claim(100));
        ring.close();
        ReceiveRing next = receiver.register(5000, 1, 256);
        out.put(0, MemorySegment.ofArray(new byte[100]).fill((byte) 1), 0, 100);
        out.commit(1);
        assertTrue(!next.next(), "the late record is in the old ring");
        out.close();
        try (SendRing again = sender.attach(1, next.address())) {
            assertTrue(again.claim(0));
            again.commit(7);
            assertTrue(next.next());
            assertEquals(7, next.messageType());
        }
    }

    @Test
    void runsOutOfSpaceWithAClearErrorAndGivesItBack() throws IOException {
        for (int round = 0; round < 3; round++) {
            List<ReceiveRing> large = new ArrayList<>();
            ArgoException e = assertThrows(ArgoException.class, () -> {
                while (true) {
                    large.add(receiver.register(6000 + large.size(), 1, V4vHypervisor.MAXIMUM_RING_BYTES));
                }
            });
            assertEquals(ArgoError.ENOMEM, e.error());
            large.forEach(ReceiveRing::close);
        }
        receiver.register(6001, 1, V4vHypervisor.MAXIMUM_RING_BYTES).close();
    }

    @Test
    void refusesWhatIsNoRegion() throws IOException {
        Path file = directory.resolve("other");
        String missing = String.valueOf(assertThrows(IOException.class, () -> IvshmemHypervisor.open(file, 1))
                .getMessage());
        assertTrue(missing.contains("truncate -s 64M " + file), missing);
        Files.write(file, new byte[4096]);
        String small = String.valueOf(assertThrows(IOException.class, () -> IvshmemHypervisor.open(file, 1))
                .getMessage());
        assertTrue(small.contains("too few"), small);
        byte[] text = new byte[4 << 20];
        text[0] = 1;
        Files.write(file, text);
        String other = String.valueOf(assertThrows(IOException.class, () -> IvshmemHypervisor.open(file, 1))
                .getMessage());
        assertTrue(other.contains("something else"), other);
    }
}
