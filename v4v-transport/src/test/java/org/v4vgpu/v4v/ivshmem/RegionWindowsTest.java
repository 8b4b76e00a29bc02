package org.v4vgpu.v4v.ivshmem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;

/** Windows of a region: whose their space is when one side has closed them or is dead, and how many there are. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT) // waits, mostly
class RegionWindowsTest {
    private static final int BYTES = 4 << 20;
    private static final int WINDOW_BYTES = 500_000;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(BYTES, RegionDescriptor.CHUNK_BYTES);
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        arena.close();
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the region's
    private IvshmemHypervisor domain(MemorySegment region, int domain) throws IOException {
        Arena own = Arena.ofShared();
        IvshmemHypervisor hypervisor =
                IvshmemHypervisor.open(new Region("region", own, region.reinterpret(own, null)), domain);
        open.add(hypervisor);
        return hypervisor;
    }

    private void fillWithWindows(V4vHypervisor owner) throws IOException {
        ArgoError end = ArgoError.EINVAL;
        while (end != ArgoError.ENOMEM) {
            try {
                Window window = owner.share(owner.domain(), WINDOW_BYTES);
                open.add(window);
                window.memory().fill((byte) 9);
            } catch (ArgoException e) {
                end = e.error();
                assertEquals(ArgoError.ENOMEM, end);
            }
        }
    }

    private static void assertUntouched(Window window) {
        for (long at = 0; at < window.memory().byteSize(); at++) {
            assertEquals(3, window.memory().get(ValueLayout.JAVA_BYTE, at), "byte " + at);
        }
    }

    /** Waits until the owner can make another window. */
    private void awaitSpace(V4vHypervisor owner) throws IOException {
        long start = System.nanoTime();
        while (true) {
            try {
                open.add(owner.share(owner.domain(), WINDOW_BYTES));
                return;
            } catch (ArgoException e) {
                assertEquals(ArgoError.ENOMEM, e.error());
                assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20), "no space comes back");
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void takeOverWhatADeadDomainHasLeft() throws IOException {
        IvshmemHypervisor owner = domain(memory, 1);
        long dead = RegionDescriptor.tag(1, 9);
        for (int chunk = 0; chunk < RegionDescriptor.chunks(BYTES) * 3 / 4; chunk++) {
            assertTrue(RegionDescriptor.casOwner(memory, chunk, 0, dead));
        }
        long start = System.nanoTime();
        open.add(owner.share(1, BYTES / 2));
        assertTrue(System.nanoTime() - start >= RingSpace.GRACE_NANOS, "its partners may not have noticed");
    }

    @Test
    void keepTheirSpaceAsLongAsThePartnerOfAClosedOneMapsIt() throws IOException {
        IvshmemHypervisor owner = domain(memory, 1);
        IvshmemHypervisor partner = domain(memory, 2);
        Window mine = owner.share(2, WINDOW_BYTES);
        Window theirs = partner.open(1, mine.name(), WINDOW_BYTES);
        theirs.memory().fill((byte) 3);
        mine.close();
        long start = System.nanoTime();
        do {
            fillWithWindows(owner);
            fillWithWindows(partner);
        } while (System.nanoTime() - start < 2 * RingSpace.GRACE_NANOS);
        assertUntouched(theirs);
        theirs.close();
        awaitSpace(owner);
    }

    @Test
    void keepTheirSpaceAsLongAsThePartnerOfALostDomainMapsIt() throws IOException {
        IvshmemHypervisor owner = domain(memory, 1);
        IvshmemHypervisor partner = domain(memory, 2);
        Window mine = owner.share(2, WINDOW_BYTES);
        Window theirs = partner.open(1, mine.name(), WINDOW_BYTES);
        theirs.memory().fill((byte) 3);
        Window unopened = owner.share(2, BYTES / 4);
        owner.close();
        fillWithWindows(partner); // waits for what the owner has left
        mine.close();
        unopened.close();
        assertUntouched(theirs);
        theirs.close();
        awaitSpace(partner);
    }

    @Test
    void areOpenedByOneOnly() throws IOException {
        IvshmemHypervisor owner = domain(memory, 1);
        IvshmemHypervisor partner = domain(memory, 2);
        IvshmemHypervisor other = domain(memory, 3);
        Window mine = owner.share(2, WINDOW_BYTES);
        open.add(mine);
        Window theirs = partner.open(1, mine.name(), WINDOW_BYTES);
        for (V4vHypervisor second : List.of(partner, other)) {
            ArgoException e = assertThrows(ArgoException.class, () -> second.open(1, mine.name(), WINDOW_BYTES));
            assertEquals(ArgoError.ECONNREFUSED, e.error());
        }
        theirs.close();
        mine.close();
        assertThrows(ArgoException.class, () -> partner.open(1, mine.name(), WINDOW_BYTES));
    }

    @Test
    void areCountedWhoeverMakesThem() throws Exception {
        IvshmemHypervisor owner = domain(arena.allocate(96 << 20, RegionDescriptor.CHUNK_BYTES), 1);
        Queue<Window> windows = new ConcurrentLinkedQueue<>();
        Queue<ArgoError> ends = new ConcurrentLinkedQueue<>();
        List<Thread> makers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            makers.add(Thread.ofPlatform().start(() -> ends.add(makeWindows(owner, windows))));
        }
        for (Thread maker : makers) {
            maker.join();
        }
        assertEquals(
                List.of(ArgoError.ENOSPC, ArgoError.ENOSPC, ArgoError.ENOSPC, ArgoError.ENOSPC), List.copyOf(ends));
        assertEquals(V4vHypervisor.WINDOWS_PER_DOMAIN, windows.size());
        windows.remove().close();
        owner.share(1, 1).close();
        windows.forEach(Window::close);
    }

    /** Until there can be no more; tells why. */
    private static ArgoError makeWindows(V4vHypervisor owner, Queue<Window> windows) {
        while (true) {
            try {
                windows.add(owner.share(owner.domain(), 1));
            } catch (ArgoException e) {
                return e.error();
            }
        }
    }
}
