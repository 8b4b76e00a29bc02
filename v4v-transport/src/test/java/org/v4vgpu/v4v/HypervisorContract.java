package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Argo's behaviour, whatever plays Xen: messages and space, and here who may do what, attached senders, and ends. */
abstract class HypervisorContract extends RingSpaceContract {
    @Test
    void keepsARingFromOtherDomainsThanItsPartner() throws IOException {
        assumeTrue(hasMoreDomains(), "there are no more domains");
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        try (V4vHypervisor stranger = open(3)) {
            V4vAddress from = new V4vAddress(3, 1);
            assertError(ArgoError.ECONNREFUSED, () -> stranger.sendv(from, ring.address(), TYPE, List.of(of(1))));
            assertError(ArgoError.ECONNREFUSED, () -> stranger.attach(1, ring.address()));
            assertError(
                    ArgoError.EPERM,
                    () -> stranger.sendv(new V4vAddress(sender.domain(), 1), ring.address(), TYPE, List.of(of(1))));
        }
    }

    @Test
    void checksRegistrationsInArgosOrder() throws IOException {
        for (int length : new int[] {0, 32, 47, 49, V4vHypervisor.MAXIMUM_RING_BYTES + 16}) {
            assertError(ArgoError.EINVAL, () -> receiver.register(PORT, 9, length));
        }
        assertError(ArgoError.ESRCH, () -> receiver.register(PORT, 9, 256));
        receiver.register(PORT, sender.domain(), 256);
        assertError(ArgoError.EEXIST, () -> receiver.register(PORT, sender.domain(), 256));
        List<ReceiveRing> rings = new ArrayList<>();
        for (int i = 1 + ringsInUse(); i < V4vHypervisor.RINGS_PER_DOMAIN; i++) {
            rings.add(receiver.register(PORT + i, sender.domain(), 48));
        }
        assertError(ArgoError.ENOSPC, () -> receiver.register(PORT, sender.domain(), 256));
        long free = rings.getFirst().address().port();
        rings.getFirst().close();
        receiver.register(free, sender.domain(), 48);
    }

    @Test
    void checksMessagesInArgosOrder() throws IOException {
        V4vAddress source = new V4vAddress(sender.domain(), 1);
        List<MemorySegment> tooMany = Collections.nCopies(9, of(1));
        assertError(ArgoError.EINVAL, () -> sender.sendv(new V4vAddress(7, 1), new V4vAddress(9, 1), TYPE, tooMany));
        assertError(
                ArgoError.EPERM, () -> sender.sendv(new V4vAddress(7, 1), new V4vAddress(9, 1), TYPE, List.of(of(1))));
        assertError(ArgoError.ESRCH, () -> sender.sendv(source, new V4vAddress(9, 1), TYPE, List.of(of(1))));
        assertError(
                ArgoError.ECONNREFUSED,
                () -> sender.sendv(source, new V4vAddress(receiver.domain(), 1), TYPE, List.of(of(1))));
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        MemorySegment huge = MemorySegment.ofArray(new byte[V4vHypervisor.MAXIMUM_MESSAGE_BYTES + 1]);
        assertError(ArgoError.EINVAL, () -> sender.sendv(source, ring.address(), TYPE, List.of(huge)));
        MemorySegment half = MemorySegment.ofArray(new byte[V4vHypervisor.MAXIMUM_MESSAGE_BYTES / 2 + 1]);
        assertError(ArgoError.EMSGSIZE, () -> sender.sendv(source, ring.address(), TYPE, List.of(half, half)));
        assertFalse(ring.next());
    }

    @Test
    void writesInPlaceAsTheOneAttachedSender() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        try (SendRing out = sender.attach(11, ring.address())) {
            assertError(ArgoError.EBUSY, () -> sender.attach(12, ring.address()));
            assertError(ArgoError.EBUSY, () -> send(ring, new byte[1]));
            for (int i = 0; i < 100; i++) {
                assertTrue(out.claim(100));
                assertTrue(out.claim(60), "a claim that is not committed is forgotten");
                out.putInt(0, i);
                out.put(4, MemorySegment.ofArray(new byte[56]).fill((byte) i), 0, 56);
                out.commit(TYPE);
                assertTrue(ring.next());
                assertEquals(60, ring.messageBytes());
                assertEquals(i, ring.getInt(0));
                assertEquals(new V4vAddress(sender.domain(), 11), ring.source());
                assertEquals((byte) i, message(ring)[59]);
                ring.release(ring.position());
            }
            assertFalse(ring.next()); // takes a sign of life away
            assertTrue(out.claim(224));
            out.commit(TYPE);
            assertFalse(out.claim(0));
            assertFalse(out.awaitSpace(0, 5_000_000));
            assertError(ArgoError.EMSGSIZE, () -> out.claim(225));
            assertFalse(ring.isFinished());
        }
        assertTrue(ring.isFinished() || !tellsTheEndBehindAFullRing());
        assertTrue(ring.next(), "what was committed before stays");
        ring.release(ring.position());
        awaitTrue(ring::isFinished);
        send(ring, new byte[] {1});
        assertTrue(ring.next());
    }

    @Test
    void attachesToARingThatSingleMessagesWentInto() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        for (int round = 0; round < 3; round++) {
            send(ring, new byte[] {1});
            try (SendRing out = sender.attach(9, ring.address())) {
                assertError(ArgoError.EBUSY, () -> sender.attach(9, ring.address()));
                assertTrue(out.claim(1));
                out.put(0, MemorySegment.ofArray(new byte[] {2}), 0, 1);
                out.commit(TYPE);
            }
            for (byte expected = 1; expected <= 2; expected++) {
                assertTrue(ring.next());
                assertArrayEquals(new byte[] {expected}, message(ring));
                ring.release(ring.position());
            }
        }
    }

    @Test
    void tellsASenderThatItsRingIsGone() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        SendRing out = sender.attach(11, ring.address());
        assertTrue(out.isPartnerAlive());
        ring.close();
        assertFalse(out.isPartnerAlive());
        assertError(ArgoError.ECONNREFUSED, () -> out.claim(1));
        out.close();
        assertError(ArgoError.ECONNREFUSED, () -> sender.attach(11, ring.address()));
    }

    @Test
    void noticesThatTheReceiversDomainHasLeft() throws Exception {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        SendRing out = sender.attach(11, ring.address());
        assertTrue(out.claim(200)); // beside it there may be a sign of life
        out.commit(TYPE);
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<Boolean> space = executor.submit(() -> out.awaitSpace(200, 30 * SECOND));
            receiver.close();
            assertTrue(space.get(noticeMillis(), TimeUnit.MILLISECONDS), "a claim would throw, so the wait is over");
        }
        assertThrows(ArgoException.class, () -> out.claim(200));
        awaitTrue(() -> !out.isPartnerAlive());
    }

    @Test
    void noticesThatTheSendersDomainHasLeft() throws Exception {
        assumeTrue(domainsLeave(), "a domain outlives its hypervisor");
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        send(ring, new byte[] {42});
        assertTrue(ring.isPartnerAlive());
        sender.close();
        awaitTrue(() -> !ring.isPartnerAlive());
        assertTrue(ring.next(), "what was sent before stays");
        assertArrayEquals(new byte[] {42}, message(ring));
        assertFalse(ring.await(30 * SECOND));
        assertError(ArgoError.ESRCH, () -> receiver.register(PORT + 1, sender.domain(), 256));
    }

    @Test
    void endsAWaitByWakeAndByClose() throws Exception {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            Future<Boolean> woken = executor.submit(() -> ring.await(30 * SECOND));
            ring.wake();
            assertFalse(woken.get(500, TimeUnit.MILLISECONDS));
            assertFalse(ring.await(5_000_000));
            Future<Boolean> closed = executor.submit(() -> ring.await(30 * SECOND));
            ring.close();
            assertFalse(closed.get(500, TimeUnit.MILLISECONDS));
        }
    }
}
