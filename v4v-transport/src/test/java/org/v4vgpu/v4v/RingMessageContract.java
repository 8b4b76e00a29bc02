package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.v4vgpu.v4v.V4vAddress.DOMAIN_ANY;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What becomes of a message: in a ring, in its order, with its source. */
abstract class RingMessageContract extends TwoDomains {
    @Test
    void countsPositionsFromWhereTheFirstRecordBegins() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        long start = ring.position();
        ring.release(start); // nothing
        send(ring, new byte[16]);
        assertTrue(ring.next());
        assertEquals(32, ring.position() - start);
    }

    @Test
    void deliversPartsAsOneRecordWithTypeAndSource() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        int sent = sender.sendv(new V4vAddress(DOMAIN_ANY, 9), ring.address(), TYPE, List.of(of(1, 2), of(), of(3)));
        assertEquals(3, sent);
        assertTrue(ring.await(SECOND) && ring.next());
        assertArrayEquals(new byte[] {1, 2, 3}, message(ring));
        assertEquals(TYPE, ring.messageType());
        assertEquals(new V4vAddress(sender.domain(), 9), ring.source());
        ring.release(ring.position());
        assertFalse(ring.next());
    }

    @Test
    void deliversAnEmptyMessage() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 48);
        assertEquals(0, send(ring, new byte[0]));
        assertTrue(ring.next());
        assertEquals(0, ring.messageBytes());
    }

    @Test
    void wrapsAtEveryOffset() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        Random random = new Random(1);
        for (int i = 0; i < rounds(); i++) {
            byte[] bytes = new byte[random.nextInt(225)];
            random.nextBytes(bytes);
            send(ring, bytes);
            assertTrue(ring.next());
            assertArrayEquals(bytes, message(ring), "record " + i);
            assertArrayEquals(bytes, bytes(ring.payload(0, bytes.length)), "in place, record " + i);
            ring.release(ring.position());
        }
    }

    @Test
    void keepsOneSlotFree() throws IOException {
        ReceiveRing ring = receiver.register(PORT, sender.domain(), 256);
        assertError(ArgoError.EMSGSIZE, () -> send(ring, new byte[256 - 32 + 1]));
        send(ring, new byte[256 - 32]);
        assertError(ArgoError.EAGAIN, () -> send(ring, new byte[0]));
        assertTrue(ring.next());
        assertError(ArgoError.EAGAIN, () -> send(ring, new byte[0]));
        ring.release(ring.position());
        send(ring, new byte[256 - 32]);
    }

    @Test
    void takesMessagesOfManySendersInEachOnesOrder() throws Exception {
        assumeTrue(hasMoreDomains(), "there are no more domains");
        int count = 100;
        ReceiveRing ring = receiver.register(PORT, DOMAIN_ANY, 256);
        List<V4vHypervisor> domains = new ArrayList<>();
        try (ExecutorService executor = Executors.newCachedThreadPool()) {
            for (int id = 10; id < 14; id++) {
                domains.add(open(id));
            }
            List<Future<?>> senders = new ArrayList<>();
            for (V4vHypervisor domain : domains) {
                senders.add(executor.submit(() -> {
                    for (int i = 0; i < count; i++) {
                        sendPatiently(domain, ring.address(), i);
                    }
                    return null;
                }));
            }
            int[] next = new int[4];
            for (int i = 0; i < 4 * count; i++) {
                assertTrue(ring.next() || (ring.await(30 * SECOND) && ring.next()));
                int id = ring.source().domain() - 10;
                assertEquals(id + 20, ring.source().port());
                assertEquals(next[id]++, ring.getInt(0));
                assertEquals(60, ring.messageBytes());
                ring.release(ring.position());
            }
            for (Future<?> sending : senders) {
                sending.get(10, TimeUnit.SECONDS);
            }
            assertFalse(ring.next());
        } finally {
            domains.forEach(V4vHypervisor::close);
        }
    }

    private static void sendPatiently(V4vHypervisor domain, V4vAddress destination, int number) throws ArgoException {
        MemorySegment message = MemorySegment.ofArray(new byte[60]);
        message.set(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, 0, number);
        while (true) {
            try {
                domain.sendv(new V4vAddress(DOMAIN_ANY, domain.domain() + 10), destination, TYPE, List.of(message));
                return;
            } catch (ArgoException e) {
                assertEquals(ArgoError.EAGAIN, e.error());
                assertTrue(domain.awaitSpace(destination, 60, 30 * SECOND));
            }
        }
    }

    @Test
    void deliversLongMessagesToARingForAnyPartner() throws IOException {
        ReceiveRing ring = receiver.register(PORT, DOMAIN_ANY, 1 << 20);
        Random random = new Random(2);
        for (int bytes : new int[] {65_536, 65_537, 300_000, (1 << 20) - 32}) {
            byte[] message = new byte[bytes];
            random.nextBytes(message);
            MemorySegment whole = MemorySegment.ofArray(message);
            List<MemorySegment> parts = List.of(whole.asSlice(0, bytes / 3), whole.asSlice(bytes / 3));
            assertEquals(bytes, sender.sendv(new V4vAddress(sender.domain(), 1), ring.address(), TYPE, parts));
            assertTrue(ring.await(SECOND) && ring.next());
            assertArrayEquals(message, message(ring));
            assertEquals(new V4vAddress(sender.domain(), 1), ring.source());
            ring.release(ring.position());
        }
        assertError(ArgoError.EMSGSIZE, () -> send(ring, new byte[(1 << 20) - 31]));
        send(ring, new byte[1 << 19]);
        assertError(ArgoError.EAGAIN, () -> send(ring, new byte[1 << 19]));
    }

    @Test
    void prefersTheExactRingAndStampsTheSource() throws IOException {
        ReceiveRing any = receiver.register(PORT, DOMAIN_ANY, 256);
        send(any, new byte[] {1});
        ReceiveRing exact = receiver.register(PORT, sender.domain(), 256);
        send(exact, new byte[] {2});
        assertTrue(any.next());
        assertArrayEquals(new byte[] {1}, message(any));
        assertEquals(sender.domain(), any.source().domain());
        assertFalse(any.next());
        assertTrue(exact.next());
        assertArrayEquals(new byte[] {2}, message(exact));
    }

    private static byte[] bytes(Payload payload) {
        byte[] bytes = new byte[(int) payload.byteSize()];
        payload.copyTo(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }
}
