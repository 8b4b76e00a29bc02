package org.v4vgpu.v4v.ivshmem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/** Domains whose tag in the table of a region changes under them, or changes for ever. */
@Timeout(30)
@Isolated("sets a property")
class ReplacedDomainTest {
    private static final int DOMAIN = 3;

    private final Arena arena = Arena.ofShared();

    @TempDir
    Path directory;

    private Path file = Path.of("");
    private MemorySegment memory = MemorySegment.NULL;

    @BeforeEach
    void map() throws Exception {
        file = directory.resolve("region");
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, 4 << 20, arena);
        }
    }

    @AfterEach
    void unmap() {
        arena.close();
    }

    @Test
    void isOpenedAnewAfterItWasTakenForDead() throws Exception {
        System.setProperty(IvshmemHypervisor.PROPERTY, file.toString());
        try {
            V4vHypervisor taken = LocalDomains.toListen(DOMAIN);
            assertTrue(taken.isOpen());
            assertSame(taken, LocalDomains.toListen(DOMAIN));
            replace(RegionDescriptor.tagVolatile(memory, DOMAIN), 0);
            while (taken.isOpen()) {
                Thread.sleep(1);
            }
            V4vHypervisor anew = LocalDomains.toListen(DOMAIN);
            assertNotSame(taken, anew);
            anew.register(5000, V4vAddress.DOMAIN_ANY, 4096).close();
        } finally {
            System.clearProperty(IvshmemHypervisor.PROPERTY);
            LocalDomains.closeAll();
        }
        assertEquals(0, RegionDescriptor.tagVolatile(memory, DOMAIN));
    }

    private void replace(long before, long after) {
        assertTrue(RegionDescriptor.casTag(memory, DOMAIN, before, after));
    }

    @Test
    void thatLeadsLifeAfterLifeDelaysNobodyForEver() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        try (IvshmemHypervisor own = IvshmemHypervisor.open(file, 1)) {
            replace(0, RegionDescriptor.tag(1, DOMAIN));
            Thread flipper = Thread.ofPlatform().start(() -> {
                for (long life = 1; !isOver.get(); life++) {
                    replace(RegionDescriptor.tag(life, DOMAIN), RegionDescriptor.tag(life + 1, DOMAIN));
                    Thread.onSpinWait();
                }
            });
            try {
                V4vAddress flipping = new V4vAddress(DOMAIN, 5000);
                assertGone(() -> own.register(5000, DOMAIN, 4096));
                assertGone(() -> own.attach(1, flipping));
                assertGone(() -> own.sendv(new V4vAddress(1, 1), flipping, 7, List.of()));
                assertFalse(own.notify(flipping, 16).exists());
            } finally {
                isOver.set(true);
                flipper.join();
            }
        }
    }

    private static void assertGone(org.junit.jupiter.api.function.Executable request) {
        assertEquals(ArgoError.ESRCH, assertThrows(ArgoException.class, request).error());
    }
}
