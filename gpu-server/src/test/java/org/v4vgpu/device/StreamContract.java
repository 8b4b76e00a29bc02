package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;
import static org.v4vgpu.device.DeviceFixture.bytesAt;
import static org.v4vgpu.device.DeviceFixture.bytesFrom;
import static org.v4vgpu.device.DeviceFixture.put;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** The order of streams. A copy that its owner does not close holds its stream as a long kernel would. */
interface StreamContract extends DeviceFixture {
    @Test
    default void whatIsWaitedForDoesNotGrow() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceStream stream = context().createStream(0, 0);
                DeviceEvent event = context().createEvent(0)) {
            DeviceCopy held = stream.copyIn(address, 4096);
            stream.record(event);
            List<DeviceWork> before = List.of(
                    context().enqueued(), context().defaultStream().enqueued(), stream.enqueued(), event.recorded());
            try (DeviceCopy later = stream.copyIn(address, 4096)) {
                stream.record(event);
                for (DeviceWork work : before) {
                    assertFalse(work.await(0));
                }
                held.close();
                for (DeviceWork work : before) {
                    assertTrue(work.await(LONG));
                }
                assertTrue(later.await(LONG));
                assertFalse(event.isDone());
            }
            assertTrue(context().await(LONG));
        }
    }

    @Test
    default void openCopyHoldsItsStream() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceStream stream = independentStream()) {
            assertTrue(stream.isIdle());
            DeviceCopy held = stream.copyIn(address, 4096);
            assertTrue(held.await(0));
            stream.fill(address, 1, 5, 10);
            stream.copy(address + 100, address, 10);
            assertFalse(stream.isIdle());
            assertFalse(stream.await(TICK));
            assertFalse(context().await(TICK));
            held.transfer(0, MemorySegment.ofArray(bytesFrom(0, 4096)));
            held.close();
            assertTrue(stream.await(LONG));
            assertTrue(stream.isIdle());
            byte[] expected = bytesFrom(0, 4096);
            for (int i = 0; i < 10; i++) {
                expected[i] = 5;
                expected[100 + i] = 5;
            }
            assertArrayEquals(expected, bytesAt(stream, address, 4096));
        }
    }

    @Test
    default void copyWaitsForItsTurn() throws DeviceException {
        long address = context().allocate(8);
        try (DeviceStream stream = independentStream()) {
            DeviceCopy first = stream.copyIn(address, 8);
            DeviceCopy second = stream.copyOut(address, 8);
            assertTrue(first.await(0));
            assertFalse(second.await(0));
            assertFalse(second.await(TICK));
            assertStatus(CudaStatus.ILLEGAL_STATE, () -> second.transfer(0, MemorySegment.ofArray(new byte[8])));
            first.close();
            assertTrue(second.await(LONG));
            second.close();
        }
    }

    @Test
    default void copyThatIsGivenUpLetsTheStreamGoOn() throws DeviceException {
        long address = context().allocate(8);
        try (DeviceStream stream = independentStream()) {
            DeviceCopy first = stream.copyIn(address, 8);
            DeviceCopy second = stream.copyIn(address, 8);
            stream.fill(address, 1, 3, 8);
            second.close();
            assertFalse(stream.await(TICK));
            first.close();
            assertTrue(stream.await(LONG));
        }
    }

    @Test
    default void streamsRunSideBySide() throws DeviceException {
        long address = context().allocate(4 << 20);
        try (DeviceStream one = context().createStream(0, 0);
                DeviceStream other = context().createStream(0, 0);
                DeviceCopy held = one.copyIn(address, 8)) {
            other.fill(address, 4, 1, 2);
            other.fill(address, 4, 2, 1 << 20);
            assertTrue(other.await(LONG));
            assertFalse(one.isIdle());
            assertTrue(held.await(0));
        }
    }

    @Test
    default void defaultStreamWaitsForBlockingStreams() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceStream blocking = context().createStream(0, 0);
                DeviceStream independent = independentStream()) {
            DeviceCopy held = blocking.copyIn(address, 4096);
            stream().fill(address, 1, 1, 4096);
            DeviceEvent event = context().createEvent(0);
            stream().record(event);
            independent.fill(address, 1, 2, 1);
            assertTrue(independent.await(LONG));
            assertFalse(event.await(TICK));
            assertFalse(stream().isIdle());
            assertFalse(stream().await(TICK));
            held.close();
            assertTrue(event.await(LONG));
            assertTrue(stream().await(LONG));
        }
    }

    @Test
    default void blockingStreamsWaitForTheDefaultStream() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceStream blocking = context().createStream(0, 0);
                DeviceStream independent = independentStream()) {
            DeviceCopy held = stream().copyIn(address, 4096);
            blocking.fill(address, 1, 1, 4096);
            independent.fill(address, 1, 2, 1);
            assertTrue(independent.await(LONG));
            assertFalse(blocking.await(TICK));
            held.close();
            assertTrue(blocking.await(LONG));
        }
    }

    @Test
    default void takesManyOperationsThenLetsWaitForSpace() throws Exception {
        long address = context().allocate(4096);
        try (DeviceStream stream = independentStream();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            DeviceCopy held = stream.copyIn(address, 4096);
            int enqueued = 1;
            while (stream.awaitSpace(0)) {
                stream.fill(address, 4, enqueued++, 1);
            }
            assertEquals(1025, enqueued);
            assertEquals(1025, stream.unfinished());
            assertFalse(stream.awaitSpace(TICK));
            stream.fill(address, 4, -1, 1);
            Future<Boolean> blocked = threads.submit(() -> stream.awaitSpace(LONG));
            assertThrows(TimeoutException.class, () -> blocked.get(50, TimeUnit.MILLISECONDS));
            try (DeviceStream other = independentStream()) {
                other.fill(address + 8, 4, 1, 1);
                assertTrue(other.await(LONG));
            }
            held.close();
            assertTrue(blocked.get(30, TimeUnit.SECONDS));
            assertTrue(stream.await(LONG));
            assertArrayEquals(new byte[] {-1, -1, -1, -1}, bytesAt(stream, address, 4));
        }
    }

    @Test
    default void destroyedStreamFinishesItsWork() throws DeviceException {
        long address = context().allocate(4096);
        DeviceStream stream = independentStream();
        DeviceCopy held = stream.copyIn(address, 4096);
        stream.fill(address, 1, 6, 4096);
        stream.close();
        assertStatus(CudaStatus.INVALID_HANDLE, () -> stream.fill(address, 1, 7, 4096));
        assertFalse(context().await(TICK));
        held.close();
        assertTrue(context().await(LONG));
        assertEquals(6, bytesAt(stream(), address, 1)[0]);
    }

    @Test
    default void knowsOnlyItsOwnFlags() {
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().createStream(2, 0));
        assertThrows(UnsupportedOperationException.class, () -> stream().close());
    }

    @Test
    default void servesManyThreads() throws Exception {
        int length = 40_000;
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<?>> all = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int seed = thread;
                all.add(threads.submit(() -> {
                    try (DeviceStream own = context().createStream(seed % 2, 0)) {
                        for (int round = 0; round < 100; round++) {
                            DeviceStream stream = seed == 0 ? stream() : own;
                            long address = context().allocate(length);
                            long other = context().allocate(length);
                            put(stream, address, bytesFrom(seed + round, length));
                            stream.copy(other, address, length);
                            assertArrayEquals(bytesFrom(seed + round, length), bytesAt(stream, other, length));
                            context().free(address);
                            context().free(other);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> future : all) {
                future.get(60, TimeUnit.SECONDS);
            }
        }
        assertTrue(context().await(LONG));
        assertEquals(0, context().usedBytes());
    }
}
