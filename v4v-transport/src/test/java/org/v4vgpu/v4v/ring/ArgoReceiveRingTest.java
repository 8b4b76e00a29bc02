package org.v4vgpu.v4v.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;

/** A ring in Argo's layout, whose words the test writes in Xen's place. */
class ArgoReceiveRingTest {
    private static final int LENGTH = 256;
    private static final int PARTNER = 3;

    private MemorySegment memory;
    private int announced;
    private int tx;

    @BeforeEach
    void allocate() {
        memory = Arena.ofAuto().allocate(ArgoRingDescriptor.mappedBytes(LENGTH), 4096);
        ArgoRingDescriptor.initialize(memory);
        announced = 0;
        tx = 0;
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private ArgoReceiveRing ring(int partner) {
        return new ArgoReceiveRing(
                new RingMemory(Arena.ofShared(), memory),
                new V4vAddress(1, 9),
                partner,
                LENGTH,
                _ -> {},
                () -> announced++);
    }

    private void record(int length, int port, int type) {
        RecordDescriptor.write(memory, ArgoRingDescriptor.DATA + tx, length, port, PARTNER, type);
        publish((tx + RecordDescriptor.slots(length)) % LENGTH);
    }

    private void publish(int index) {
        tx = index;
        memory.set(ValueLayout.JAVA_INT, ArgoRingDescriptor.TX_POINTER, index);
    }

    private int rx() {
        return memory.get(ValueLayout.JAVA_INT, ArgoRingDescriptor.RX_POINTER);
    }

    @Test
    void passesOverSignsAndGivesTheirSpaceBack() throws Exception {
        ArgoReceiveRing ring = ring(PARTNER);
        record(16, 7, SignDescriptor.PULSE);
        assertFalse(ring.next());
        assertEquals(16, rx(), "an idle ring does not fill with signs");
        assertEquals(7, ring.writerPort());
        record(20, 7, 5);
        record(16, 7, SignDescriptor.DETACH);
        assertTrue(ring.isFinished(), "known before what precedes it was received");
        assertTrue(ring.next());
        assertEquals(4, ring.messageBytes());
        assertEquals(new V4vAddress(PARTNER, 7), ring.source());
        ring.release(ring.position());
        assertFalse(ring.next());
        assertEquals(tx, rx());
        assertEquals(0, ring.writerPort());
        record(16, 8, SignDescriptor.PULSE);
        assertFalse(ring.isFinished(), "somebody is attached again");
    }

    @Test
    void knowsNoSignsInARingForAnyPartner() throws Exception {
        ArgoReceiveRing ring = ring(V4vAddress.DOMAIN_ANY);
        record(16, 7, SignDescriptor.DETACH);
        assertFalse(ring.isFinished());
        assertTrue(ring.next());
        assertEquals(SignDescriptor.DETACH, ring.messageType());
    }

    @Test
    void tellsOfSpaceWhereSomebodyCanBeWaitingAndNotForEachMessage() throws Exception {
        ArgoReceiveRing ring = ring(PARTNER);
        for (int i = 0; i < 7; i++) {
            record(32, 7, 5);
        }
        for (int i = 0; i < 7; i++) {
            assertTrue(ring.next());
            ring.release(ring.position());
        }
        assertEquals(4, announced, "for each quarter, and when it is empty");
    }

    @Test
    void refusesWhatNoHypervisorWrites() {
        for (int index : new int[] {-16, 8, LENGTH, LENGTH + 16, Integer.MIN_VALUE}) {
            allocate();
            ArgoReceiveRing ring = ring(PARTNER);
            publish(index);
            assertThrows(RingCorruptedException.class, ring::next, "tx_ptr " + index);
            assertThrows(RingCorruptedException.class, () -> ring.await(1), "and for good");
        }
        for (int length : new int[] {0, 15, 49, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            allocate();
            ArgoReceiveRing ring = ring(PARTNER);
            RecordDescriptor.write(memory, ArgoRingDescriptor.DATA, length, 1, PARTNER, 1);
            publish(48);
            assertThrows(RingCorruptedException.class, ring::next, "length " + length);
        }
    }

    @Test
    void throwsNothingElseWhateverStandsThere() {
        Random random = new Random(1);
        byte[] data = new byte[LENGTH];
        for (int round = 0; round < 2000; round++) {
            allocate();
            ArgoReceiveRing ring = ring(PARTNER);
            random.nextBytes(data);
            MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_BYTE, ArgoRingDescriptor.DATA, LENGTH);
            for (int at = 0; at < LENGTH; at += 16) { // lengths that are often sound
                memory.set(ValueLayout.JAVA_INT, ArgoRingDescriptor.DATA + at, 16 + random.nextInt(40));
            }
            publish(random.nextInt(LENGTH / 16) * 16);
            try {
                while (ring.next()) {
                    var _ = ring.payload(0, ring.messageBytes()).byteSize();
                    var _ = ring.isFinished();
                    ring.release(ring.position());
                }
                assertEquals(tx, rx());
            } catch (java.io.IOException e) {
                assertEquals(RingCorruptedException.class, e.getClass());
            }
        }
    }
}
