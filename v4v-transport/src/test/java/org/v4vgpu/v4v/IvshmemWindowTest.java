package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** The contract over one region, and that its windows leave space for rings. */
class IvshmemWindowTest extends WindowContract {
    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return IvshmemHypervisor.open(Regions.at(directory.resolve("region")), domain);
    }

    @Test
    void leavesSpaceForRingsAndGivesItsOwnBack() throws IOException, InterruptedException {
        List<Window> windows = new ArrayList<>();
        ArgoError full = ArgoError.EINVAL;
        while (full != ArgoError.ENOMEM) {
            assertTrue(windows.size() < 100, "a region without end");
            try {
                windows.add(client.share(1, 4 << 20));
            } catch (ArgoException e) {
                full = e.error();
            }
        }
        assertTrue(windows.size() >= 2, windows.size() + " windows");
        server.register(77, 2, 1 << 20).close();
        windows.forEach(Window::close);
        Window again = null;
        long start = System.nanoTime();
        while (again == null) {
            assertTrue(System.nanoTime() - start < 20_000_000_000L, "closed windows keep their space");
            try {
                again = client.share(1, 8 << 20);
            } catch (ArgoException e) {
                assertEquals(ArgoError.ENOMEM, e.error());
                Thread.onSpinWait();
            }
        }
        again.close();
    }

    @Test
    void isNotThatOfAnotherLife() throws IOException {
        Window mine = client.share(1, 5000);
        long name = mine.name();
        client.close();
        client = open(3);
        try (V4vHypervisor second = open(2)) {
            assertEquals(ArgoError.ECONNREFUSED, refusal(() -> server.open(second.domain(), name, 5000)));
        }
        mine.close();
    }
}
