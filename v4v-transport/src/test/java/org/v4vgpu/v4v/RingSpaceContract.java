package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.v4vgpu.v4v.V4vAddress.DOMAIN_ANY;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;

/** Asking and waiting for space. */
abstract class RingSpaceContract extends RingMessageContract {
    @Test
    void answersForSeveralRingsAtOnceInTheirOrder() throws IOException {
        ReceiveRing small = receiver.register(PORT, sender.domain(), 64);
        ReceiveRing large = receiver.register(PORT + 1, sender.domain(), 256);
        assertEquals(List.of(), sender.notify(List.of()));
        List<RingStatus> answers = sender.notify(List.of(
                new V4vHypervisor.SpaceQuestion(large.address(), 100),
                new V4vHypervisor.SpaceQuestion(new V4vAddress(receiver.domain(), PORT + 2), 100),
                new V4vHypervisor.SpaceQuestion(small.address(), 100)));
        assertEquals(3, answers.size());
        assertTrue(answers.get(0).sufficient() && !answers.get(0).tooLarge());
        assertEquals(RingStatus.NONE, answers.get(1));
        assertTrue(answers.get(2).exists() && answers.get(2).tooLarge());
    }

    @Test
    void tellsByNotifyWhatFits() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        assertEquals(RingStatus.NONE, sender.notify(new V4vAddress(receiver.domain(), 1), 0));
        assertEquals(RingStatus.NONE, sender.notify(new V4vAddress(9, PORT), 0));
        assertEquals(new RingStatus(true, false, true, true, false, 224), sender.notify(ring.address(), 224));
        assertEquals(new RingStatus(true, false, true, false, true, 224), sender.notify(ring.address(), 225));
        send(ring, new byte[16]);
        assertEquals(new RingStatus(true, false, false, true, false, 224), sender.notify(ring.address(), 192));
        assertEquals(new RingStatus(true, false, false, false, false, 224), sender.notify(ring.address(), 193));
        receiver.register(PORT + 1, DOMAIN_ANY, 256);
        assertTrue(sender.notify(new V4vAddress(receiver.domain(), PORT + 1), 0).shared());
    }

    @Test
    void wakesWhoWaitsForSpace() throws Exception {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        send(ring, new byte[224]);
        assertFalse(sender.awaitSpace(ring.address(), 224, 20_000_000));
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<Boolean> space = executor.submit(() -> sender.awaitSpace(ring.address(), 224, 30 * SECOND));
            assertTrue(ring.next());
            ring.release(ring.position());
            assertTrue(space.get(500, TimeUnit.MILLISECONDS));
        }
        assertFalse(sender.awaitSpace(new V4vAddress(receiver.domain(), 1), 1, SECOND), "there is no such ring");
        assertFalse(sender.awaitSpace(ring.address(), 225, 30 * SECOND), "it can never fit");
    }

    @Test
    void wakesAllWhoWaitForSpaceInARingForAnyPartner() throws Exception {
        assumeTrue(hasMoreDomains(), "there are no more domains");
        ReceiveRing ring = receiver.register(PORT, DOMAIN_ANY, 256);
        send(ring, new byte[224]);
        try (V4vHypervisor third = open(3);
                ExecutorService executor = Executors.newCachedThreadPool()) {
            List<Future<Boolean>> waiting = new ArrayList<>();
            waiting.add(executor.submit(() -> sender.awaitSpace(ring.address(), 224, 30 * SECOND)));
            waiting.add(executor.submit(() -> third.awaitSpace(ring.address(), 100, 30 * SECOND)));
            assertWaits(waiting);
            assertTrue(ring.next());
            ring.release(ring.position());
            for (Future<Boolean> space : waiting) {
                assertTrue(space.get(500, TimeUnit.MILLISECONDS));
            }
            send(ring, new byte[224]);
            waiting.clear();
            waiting.add(executor.submit(() -> third.awaitSpace(ring.address(), 100, 30 * SECOND)));
            assertWaits(waiting);
            ring.close();
            assertFalse(waiting.getFirst().get(500, TimeUnit.MILLISECONDS), "the ring is gone");
        }
    }

    private static void assertWaits(List<Future<Boolean>> waiting) {
        for (Future<Boolean> wait : waiting) {
            assertThrows(java.util.concurrent.TimeoutException.class, () -> wait.get(100, TimeUnit.MILLISECONDS));
        }
    }

    @Test
    void letsNoMoreThan32DomainsWait() throws Exception {
        assumeTrue(hasMoreDomains(), "there are no more domains");
        assumeTrue(keepsWaitingLists(), "senders look for space themselves");
        ReceiveRing ring = receiver.register(PORT, DOMAIN_ANY, 256);
        send(ring, new byte[224 - 32]); // leaves 16 bytes beside a header
        List<V4vHypervisor> domains = new ArrayList<>();
        try {
            for (int i = 0; i <= V4vHypervisor.WAITING_DOMAINS; i++) {
                domains.add(open(10 + i));
            }
            V4vHypervisor late = domains.getLast();
            for (V4vHypervisor domain : domains.subList(0, V4vHypervisor.WAITING_DOMAINS)) {
                assertError(ArgoError.EAGAIN, () -> sendFrom(domain, ring, 100));
                assertError(ArgoError.EAGAIN, () -> sendFrom(domain, ring, 50));
            }
            assertError(ArgoError.EBUSY, () -> sendFrom(late, ring, 100));
            assertTrue(late.notify(ring.address(), 100).busy());
            assertFalse(late.notify(ring.address(), 100).sufficient());
            assertError(ArgoError.EBUSY, () -> late.awaitSpace(ring.address(), 100, SECOND));
            V4vHypervisor first = domains.getFirst();
            assertTrue(first.notify(ring.address(), 16).sufficient(), "and so it waits no longer");
            assertError(ArgoError.EAGAIN, () -> sendFrom(late, ring, 100));
            assertError(ArgoError.EBUSY, () -> sendFrom(first, ring, 100));
            domains.get(1).close();
            awaitTrue(() -> !first.notify(ring.address(), 100).busy());
            assertTrue(ring.next());
            ring.release(ring.position());
            assertEquals(224, sendFrom(first, ring, 224));
        } finally {
            domains.forEach(V4vHypervisor::close);
        }
    }

    private static int sendFrom(V4vHypervisor domain, ReceiveRing ring, int bytes) throws ArgoException {
        return domain.sendv(
                new V4vAddress(domain.domain(), 1),
                ring.address(),
                TYPE,
                List.of(MemorySegment.ofArray(new byte[bytes])));
    }
}
