package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.v4vgpu.v4v.V4vAddress.DOMAIN_ANY;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;

/** Argo's behaviour, whatever plays Xen. Two domains: 1 sends, 2 receives. */
@Timeout(60)
abstract class HypervisorContract {
    private static final int TYPE = 77;
    private static final long PORT = 5000;
    private static final long SECOND = 1_000_000_000L;

    protected V4vHypervisor sender;
    protected V4vHypervisor receiver;

    /** The view of a domain; domains opened in one test see each other. */
    protected abstract V4vHypervisor open(int domain) throws IOException;

    @BeforeEach
    void open() throws IOException {
        sender = open(1);
        receiver = open(2);
    }

    @AfterEach
    void close() {
        sender.close();
        receiver.close();
    }

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

    /** Whether there can be other domains than the two. */
    protected boolean hasMoreDomains() {
        return true;
    }

    /** Rings of the receiver's domain that the test did not register. */
    protected int ringsInUse() {
        return 0;
    }

    /** Messages where many are to be tried; fewer where each takes long. */
    protected int rounds() {
        return 2000;
    }

    /** After so long a sender that waits knows that the ring has gone. */
    protected long noticeMillis() {
        return 500;
    }

    /** Whether closing the hypervisor makes the domain go. */
    protected boolean domainsLeave() {
        return true;
    }

    /** Whether an attached writer's end is known at once, even where the ring has no space for another record. */
    protected boolean tellsTheEndBehindAFullRing() {
        return true;
    }

    private static void assertWaits(List<Future<Boolean>> waiting) {
        for (Future<Boolean> wait : waiting) {
            assertThrows(java.util.concurrent.TimeoutException.class, () -> wait.get(100, TimeUnit.MILLISECONDS));
        }
    }

    /** Whether rings know who waits for their space; where senders look for themselves there is no limit to test. */
    protected boolean keepsWaitingLists() {
        return true;
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

    private interface Condition {
        boolean holds() throws IOException;
    }

    /** The check of a contract's own: something that another thread does within the second that the design allows it. */
    private static void awaitTrue(Condition condition) throws IOException {
        long start = System.nanoTime();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - start < SECOND, "not noticed in a second");
            Thread.onSpinWait();
        }
    }

    private int send(ReceiveRing ring, byte[] bytes) throws ArgoException {
        return sender.sendv(
                new V4vAddress(sender.domain(), 1), ring.address(), TYPE, List.of(MemorySegment.ofArray(bytes)));
    }

    private static MemorySegment of(int... bytes) {
        byte[] array = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            array[i] = (byte) bytes[i];
        }
        return MemorySegment.ofArray(array);
    }

    private static byte[] message(ReceiveRing ring) {
        byte[] bytes = new byte[ring.messageBytes()];
        ring.copy(0, MemorySegment.ofArray(bytes), 0, bytes.length);
        return bytes;
    }

    private static byte[] bytes(Payload payload) {
        byte[] bytes = new byte[(int) payload.byteSize()];
        payload.copyTo(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }

    private static void assertError(ArgoError error, org.junit.jupiter.api.function.Executable request) {
        assertEquals(error, assertThrows(ArgoException.class, request).error());
    }
}
