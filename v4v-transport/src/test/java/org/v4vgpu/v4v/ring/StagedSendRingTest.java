package org.v4vgpu.v4v.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;

/** What a sender does when the hypervisor refuses a message, and how long what it has staged stays. */
@Timeout(60)
class StagedSendRingTest {
    private static final int LENGTH = 4096;

    private final ToldCarrier carrier = new ToldCarrier();

    /** To a ring that is always empty. */
    private static final class ToldCarrier implements StagedSendRing.Carrier {
        final Queue<ArgoError> refusals = new ArrayDeque<>();
        MemorySegment stage = MemorySegment.NULL;
        final CountDownLatch refused = new CountDownLatch(1);
        volatile boolean isFull;
        int sent;

        @Override
        @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
        public RingMemory stage(long bytes) {
            Arena arena = Arena.ofShared();
            stage = arena.allocate(bytes, 8);
            return new RingMemory(arena, stage);
        }

        @Override
        public int send(V4vAddress source, V4vAddress destination, int messageType, MemorySegment staged, int bytes) {
            ArgoError refusal = isFull ? ArgoError.EAGAIN : refusals.poll();
            refused.countDown();
            if (refusal != null) {
                return -refusal.errno();
            }
            sent++;
            return bytes;
        }

        @Override
        public int sign(V4vAddress source, V4vAddress destination, int type) {
            return 0;
        }

        @Override
        public RingStatus ask(V4vAddress destination, int spaceRequired) {
            return new RingStatus(true, false, true, true, false, LENGTH - 32);
        }

        @Override
        public void ringGone(StagedSendRing ring) {}

        @Override
        public void domainGone(int domain) {}
    }

    private StagedSendRing attach() throws ArgoException {
        return new StagedSendRing(new V4vAddress(1, 8), new V4vAddress(2, 7), LENGTH, carrier, _ -> {});
    }

    @ParameterizedTest
    @EnumSource(names = {"EPERM", "EACCES", "EFAULT", "EINVAL", "EMSGSIZE", "ENODEV"})
    void sendsNothingBehindAMessageThatWasRefused(ArgoError refusal) throws Exception {
        try (StagedSendRing ring = attach()) {
            assertTrue(ring.claim(100));
            carrier.refusals.add(refusal);
            ring.commit(1);
            ArgoException e = assertThrows(ArgoException.class, () -> ring.claim(100));
            assertEquals(refusal, e.error());
            assertTrue(ring.isReady(100));
            assertTrue(ring.awaitSpace(100, Long.MAX_VALUE), "a claim would throw");
            assertEquals(0, carrier.sent);
        }
    }

    @Test
    void repeatsWhatIsRefusedForTheMoment() throws Exception {
        try (StagedSendRing ring = attach()) {
            assertTrue(ring.claim(100));
            carrier.refusals.add(ArgoError.EAGAIN);
            carrier.refusals.add(ArgoError.EBUSY);
            ring.commit(1);
            assertEquals(1, carrier.sent);
            assertTrue(ring.claim(100));
        }
    }

    @Test
    void aMessageThatIsGivenUpByACloseIsKnownToBeLostWhenTheEndIsSaid() throws Exception {
        AtomicBoolean isLost = new AtomicBoolean();
        StagedSendRing ring = new StagedSendRing(
                new V4vAddress(1, 8),
                new V4vAddress(2, 7),
                LENGTH,
                carrier,
                closing -> isLost.set(closing.hasLostMessage()));
        assertTrue(ring.claim(100));
        carrier.isFull = true;
        Thread sender = Thread.ofPlatform().start(() -> ring.commit(1));
        carrier.refused.await();
        ring.close();
        assertTrue(isLost.get());
        sender.join();
        assertEquals(0, carrier.sent);
    }

    @Test
    void keepsTheStageAsLongAsAHold() throws Exception {
        StagedSendRing ring = attach();
        assertTrue(ring.claim(100));
        assertTrue(ring.hold());
        ring.close();
        carrier.stage.set(ValueLayout.JAVA_BYTE, StagedSendRing.STAGE_HEADER_BYTES, (byte) 1);
        assertThrows(IllegalStateException.class, () -> ring.commit(1));
        assertEquals(0, carrier.sent);
        ring.letGo();
        assertThrows(IllegalStateException.class, () -> carrier.stage.get(ValueLayout.JAVA_BYTE, 0));
    }
}
