package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;

import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** Records, waits and times. */
interface EventContract extends DeviceFixture {
    @Test
    default void eventNeverRecordedIsDone() throws DeviceException {
        try (DeviceEvent event = context().createEvent(0)) {
            assertTrue(event.isDone());
            assertTrue(event.await(0));
            stream().waitFor(event);
            assertTrue(stream().await(LONG));
        }
    }

    @Test
    default void eventIsDoneWhenWorkBeforeItIs() throws DeviceException {
        long address = context().allocate(8);
        try (DeviceStream stream = independentStream();
                DeviceEvent event = context().createEvent(0)) {
            DeviceCopy held = stream.copyIn(address, 8);
            stream.record(event);
            assertFalse(event.isDone());
            assertFalse(event.await(TICK));
            held.close();
            assertTrue(event.await(LONG));
            assertTrue(event.isDone());
            DeviceCopy again = stream.copyIn(address, 8);
            assertTrue(event.isDone());
            stream.record(event);
            assertFalse(event.isDone());
            again.close();
            assertTrue(event.await(LONG));
        }
    }

    @Test
    default void streamWaitsForAnotherStreamsEvent() throws DeviceException {
        long address = context().allocate(8);
        try (DeviceStream one = independentStream();
                DeviceStream other = independentStream();
                DeviceEvent event = context().createEvent(2)) {
            DeviceCopy held = one.copyIn(address, 8);
            one.record(event);
            other.waitFor(event);
            other.fill(address, 1, 1, 8);
            assertFalse(other.await(TICK));
            held.close();
            assertTrue(other.await(LONG));
        }
    }

    @Test
    default void waitsForTheRecordThatWasLatestThen() throws DeviceException {
        long address = context().allocate(8);
        try (DeviceStream one = independentStream();
                DeviceStream other = independentStream();
                DeviceEvent event = context().createEvent(0)) {
            one.record(event);
            other.waitFor(event);
            other.fill(address, 1, 1, 8);
            DeviceCopy held = one.copyIn(address, 8);
            one.record(event);
            assertTrue(other.await(LONG));
            held.close();
            assertTrue(one.await(LONG));
        }
    }

    @Test
    default void measuresTimeBetweenEvents() throws DeviceException {
        long address = context().allocate(8);
        try (DeviceStream stream = independentStream();
                DeviceEvent start = context().createEvent(0);
                DeviceEvent end = context().createEvent(1)) {
            stream.record(start);
            DeviceCopy held = stream.copyIn(address, 8);
            stream.record(end);
            assertStatus(CudaStatus.NOT_READY, () -> end.elapsedMillis(start));
            // The device's clock runs on while the copy is open; nothing else is synchronised by this wait.
            assertFalse(stream.await(TICK));
            held.close();
            assertTrue(end.await(LONG));
            assertTrue(end.elapsedMillis(start) >= TICK / 1e6f, () -> "ended too early");
            assertTrue(start.elapsedMillis(end) <= -TICK / 1e6f, () -> "time does not run backwards");
        }
    }

    @Test
    default void refusesTimesThatAreNone() throws DeviceException {
        try (DeviceEvent recorded = context().createEvent(0);
                DeviceEvent never = context().createEvent(0);
                DeviceEvent untimed = context().createEvent(2)) {
            stream().record(recorded);
            stream().record(untimed);
            assertTrue(stream().await(LONG));
            assertStatus(CudaStatus.INVALID_HANDLE, () -> recorded.elapsedMillis(never));
            assertStatus(CudaStatus.INVALID_HANDLE, () -> never.elapsedMillis(recorded));
            assertStatus(CudaStatus.INVALID_HANDLE, () -> untimed.elapsedMillis(recorded));
        }
    }

    @Test
    default void refusesEventsThatAreNotItsOwn() throws DeviceException {
        DeviceEvent closed = context().createEvent(0);
        closed.close();
        assertStatus(CudaStatus.INVALID_HANDLE, () -> stream().record(closed));
        assertStatus(CudaStatus.INVALID_HANDLE, closed::isDone);
        try (DeviceContext other = device().createContext(0)) {
            DeviceEvent foreign = other.createEvent(0);
            assertStatus(CudaStatus.INVALID_HANDLE, () -> stream().record(foreign));
            assertStatus(CudaStatus.INVALID_HANDLE, () -> stream().waitFor(foreign));
        }
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().createEvent(64));
        assertStatus(CudaStatus.NOT_SUPPORTED, () -> context().createEvent(6));
    }
}
