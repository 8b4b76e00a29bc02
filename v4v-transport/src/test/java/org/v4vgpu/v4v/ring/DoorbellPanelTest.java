package org.v4vgpu.v4v.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.v4v.V4vAddress;

/** One thread that sleeps for many rings. */
@Timeout(60)
@SuppressWarnings({"MustBeClosedChecker", "ThreadPriorityCheck"}) // rings for a process's life; a hint
class DoorbellPanelTest {
    private static final int RINGS = 150; // more than one system call takes
    private static final int LENGTH = 256;

    private final List<SharedReceiveRing> receivers = new ArrayList<>();
    private final List<SharedSendRing> senders = new ArrayList<>();

    private void make(int rings) throws Exception {
        for (int i = 0; i < rings; i++) {
            MemorySegment memory = Arena.ofShared().allocate(RingDescriptor.mappedBytes(LENGTH), 4096);
            RingDescriptor.initialize(memory, LENGTH, i, 2);
            V4vAddress address = new V4vAddress(1, i);
            receivers.add(new SharedReceiveRing(memory(memory), address, 2, LENGTH, _ -> {}));
            senders.add(new SharedSendRing(memory(memory), address, new V4vAddress(2, i), LENGTH, _ -> {}));
        }
    }

    private static RingMemory memory(MemorySegment segment) {
        return new RingMemory(Arena.ofShared(), segment);
    }

    private boolean isAnythingReady() {
        for (SharedReceiveRing ring : receivers) {
            try {
                if (ring.isReady()) {
                    return true;
                }
            } catch (Exception e) {
                return true;
            }
        }
        return false;
    }

    /** Each record is sent when the one before has been taken, so that the receiver falls asleep, or nearly, before each. */
    private void passRecords(int rings, int records) throws Exception {
        make(rings);
        AtomicInteger taken = new AtomicInteger();
        Thread sender = Thread.ofPlatform().daemon().start(() -> {
            try {
                for (int n = 0; n < records; n++) {
                    while (taken.get() < n) {
                        Thread.yield(); // there may be fewer processors than threads
                    }
                    long until = System.nanoTime() + n % 200 * 1_000L; // around the end of the spin
                    while (System.nanoTime() < until) {
                        Thread.yield();
                    }
                    SharedSendRing ring = senders.get(n * 7 % rings);
                    assertTrue(ring.claim(8));
                    ring.commit(n);
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        try (DoorbellPanel panel = new DoorbellPanel(this::isAnythingReady)) {
            receivers.forEach(panel::add);
            long worst = 0;
            for (int n = 0; n < records; n++) {
                long start = System.nanoTime();
                panel.await(5_000_000_000L);
                worst = Math.max(worst, System.nanoTime() - start);
                SharedReceiveRing ring = receivers.get(n * 7 % rings);
                assertTrue(ring.next(), "woke without the record " + n);
                assertEquals(n, ring.messageType());
                ring.release(ring.position());
                taken.incrementAndGet();
            }
            assertTrue(worst < 500_000_000L, "a wake-up took " + worst + " ns");
        }
        sender.join();
    }

    @Test
    void wakesForAnyOfManyRings() throws Exception {
        passRecords(20, 3_000);
    }

    @Test
    void alsoLooksAtThoseBeyondWhatOneSystemCallTakes() throws Exception {
        passRecords(RINGS, 500);
    }

    @Test
    void wakesWhenItIsRung() throws Exception {
        make(3);
        AtomicBoolean rung = new AtomicBoolean();
        try (DoorbellPanel panel = new DoorbellPanel(rung::get)) {
            receivers.forEach(panel::add);
            Thread ringer = Thread.ofPlatform().daemon().start(() -> {
                IdleStrategy.pause(50_000_000);
                rung.set(true);
                panel.ring();
            });
            long start = System.nanoTime();
            panel.await(20_000_000_000L);
            assertTrue(rung.get());
            assertTrue(System.nanoTime() - start < 550_000_000L, "not woken");
            ringer.join();
        }
    }

    @Test
    void sleepsThoughAPeerWritesNonsenseIntoItsWord() throws Exception {
        make(2);
        senders.get(0).end().ring.set(java.lang.foreign.ValueLayout.JAVA_INT, RingDescriptor.RECEIVER_DOORBELL, 77);
        AtomicInteger questions = new AtomicInteger();
        try (DoorbellPanel panel = new DoorbellPanel(() -> {
            questions.incrementAndGet();
            return false;
        })) {
            receivers.forEach(panel::add);
            panel.await(200_000_000L);
            questions.set(0);
            panel.await(200_000_000L);
        }
        assertTrue(questions.get() < 20_000, "looked " + questions + " times in 200 ms: it does not sleep");
    }

    @Test
    void sleepsThoughAPeerRingsWithoutEnd() throws Exception {
        make(2);
        AtomicInteger questions = new AtomicInteger();
        AtomicBoolean stopping = new AtomicBoolean();
        Thread ringer = Thread.ofPlatform().daemon().start(() -> {
            while (!stopping.get()) {
                senders.get(0).end().other.ring();
            }
        });
        try (DoorbellPanel panel = new DoorbellPanel(() -> {
            questions.incrementAndGet();
            return false;
        })) {
            receivers.forEach(panel::add);
            panel.await(200_000_000L);
            questions.set(0);
            panel.await(500_000_000L);
        }
        stopping.set(true);
        ringer.join();
        assertTrue(questions.get() < 20_000, "looked " + questions + " times in 500 ms: it does not sleep");
    }

    @Test
    void waitsForSpaceToo() throws Exception {
        make(2);
        SharedSendRing full = senders.get(1);
        while (full.claim(64)) {
            full.commit(1);
        }
        AtomicBoolean space = new AtomicBoolean();
        try (DoorbellPanel panel = new DoorbellPanel(() -> {
            try {
                space.set(full.isReady(64));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return space.get();
        })) {
            panel.add(full);
            Thread receiver = Thread.ofPlatform().daemon().start(() -> {
                IdleStrategy.pause(50_000_000);
                try {
                    assertTrue(receivers.get(1).next());
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
                receivers.get(1).release(receivers.get(1).position());
            });
            long start = System.nanoTime();
            panel.await(20_000_000_000L);
            assertTrue(space.get());
            assertTrue(System.nanoTime() - start < 550_000_000L, "not woken");
            receiver.join();
        }
    }
}
