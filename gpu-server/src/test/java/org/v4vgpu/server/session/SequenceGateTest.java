package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.ProtocolException;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SequenceGateTest {
    private static final SequenceGate.Watch NOBODY_DIES = () -> {};

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void ordersNumbersOfManyLanes() throws Exception {
        SequenceGate gate = new SequenceGate(30_000_000_000L, SequenceGateTest::nothing);
        int lanes = 6;
        int numbers = 30_000;
        AtomicLong next = new AtomicLong();
        List<Long> order = new ArrayList<>();
        List<Future<?>> running = new ArrayList<>();
        for (int lane = 0; lane < lanes; lane++) {
            running.add(threads.submit(() -> {
                for (long n = next.incrementAndGet(); n <= numbers; n = next.incrementAndGet()) {
                    gate.enter(n, NOBODY_DIES);
                    order.add(n); // no lock: the gate is one
                    gate.leave(n);
                }
                return null;
            }));
        }
        for (Future<?> lane : running) {
            lane.get();
        }
        assertEquals(numbers, order.size());
        for (int i = 0; i < numbers; i++) {
            assertEquals(i + 1L, order.get(i));
        }
    }

    @Test
    void missingNumberEndsTheWait() {
        SequenceGate gate = new SequenceGate(100_000_000L, SequenceGateTest::nothing);
        ProtocolException failure = assertThrows(ProtocolException.class, () -> gate.enter(3, NOBODY_DIES));
        assertTrue(String.valueOf(failure.getMessage()).contains("number 1 never came"), failure::toString);
    }

    @Test
    void numberThatALaneAtWorkMayBringIsNotMissing() throws Exception {
        AtomicInteger working = new AtomicInteger(2); // the lane that waits, and another
        AtomicLong received = new AtomicLong();
        SequenceGate gate = new SequenceGate(1, () -> new SequenceGate.Activity(working.get(), received.get()));
        Future<?> second = threads.submit(() -> {
            gate.enter(2, NOBODY_DIES);
            return null;
        });
        assertThrows(TimeoutException.class, () -> second.get(300, TimeUnit.MILLISECONDS));
        working.set(1);
        ExecutionException failure = assertThrows(ExecutionException.class, second::get);
        assertTrue(failure.getCause() instanceof ProtocolException, failure::toString);
    }

    @Test
    void numberIsNotMissingWhileBytesArrive() throws Exception {
        AtomicLong received = new AtomicLong();
        SequenceGate gate = new SequenceGate(1, () -> new SequenceGate.Activity(1, received.incrementAndGet()));
        Future<?> second = threads.submit(() -> {
            gate.enter(2, NOBODY_DIES);
            return null;
        });
        assertThrows(TimeoutException.class, () -> second.get(300, TimeUnit.MILLISECONDS));
        gate.enter(1, NOBODY_DIES);
        gate.leave(1);
        second.get();
    }

    @Test
    void numberAtWorkIsNotMissing() throws Exception {
        SequenceGate gate = new SequenceGate(1, SequenceGateTest::nothing);
        gate.enter(1, NOBODY_DIES);
        Future<?> second = threads.submit(() -> {
            gate.enter(2, NOBODY_DIES);
            return null;
        });
        assertThrows(TimeoutException.class, () -> second.get(300, TimeUnit.MILLISECONDS));
        gate.leave(1);
        second.get();
    }

    @Test
    void usedNumberIsRefused() throws Exception {
        SequenceGate gate = new SequenceGate(30_000_000_000L, SequenceGateTest::nothing);
        for (long n = 1; n <= 2; n++) {
            gate.enter(n, NOBODY_DIES);
            gate.leave(n);
        }
        assertThrows(ProtocolException.class, () -> gate.enter(1, NOBODY_DIES));
        assertThrows(ProtocolException.class, () -> gate.enter(2, NOBODY_DIES));
    }

    @Test
    void closingAndDyingEndTheWait() {
        SequenceGate gate = new SequenceGate(30_000_000_000L, SequenceGateTest::nothing);
        assertThrows(
                IOException.class,
                () -> gate.enter(5, () -> {
                    throw new IOException("dead");
                }));
        Future<?> waiting = threads.submit(() -> {
            gate.enter(7, NOBODY_DIES);
            return null;
        });
        gate.close();
        ExecutionException failure = assertThrows(ExecutionException.class, waiting::get);
        assertTrue(failure.getCause() instanceof IOException, failure::toString);
    }

    /** The activity of lanes that all wait for their client. */
    private static SequenceGate.Activity nothing() {
        return new SequenceGate.Activity(0, 0);
    }
}
