package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;
import static org.v4vgpu.device.DeviceFixture.bytesAt;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** Where streams wait for the host, and limits. */
interface HostContract extends DeviceFixture {
    int STACK_SIZE = 0;
    int PRINTF_FIFO_SIZE = 1;

    @Test
    default void aHoldStopsItsStreamAndNoOther() throws Exception {
        long address = context().allocate(256);
        try (DeviceStream stream = independentStream();
                DeviceStream other = independentStream()) {
            stream.fill(address, 1, 1, 16);
            CountDownLatch reached = new CountDownLatch(1);
            DeviceHold hold = stream.hold(reached::countDown);
            assertTrue(reached.await(10, TimeUnit.SECONDS));
            assertTrue(hold.isReached());
            stream.fill(address, 1, 2, 16);
            other.fill(address + 16, 1, 3, 1);
            assertTrue(other.await(LONG));
            assertEquals(1, bytesAt(other, address, 1)[0]);
            assertFalse(stream.isIdle());
            assertFalse(stream.await(0));
            hold.close();
            hold.close();
            assertTrue(stream.await(LONG));
            assertEquals(2, bytesAt(other, address, 1)[0]);
        }
    }

    @Test
    default void aHoldIsReachedBehindTheWorkBeforeIt() throws Exception {
        long address = context().allocate(4096);
        try (DeviceStream stream = independentStream()) {
            DeviceCopy before = stream.copyIn(address, 4096);
            CountDownLatch reached = new CountDownLatch(1);
            DeviceHold hold = stream.hold(reached::countDown);
            assertEquals(1, reached.getCount());
            assertFalse(hold.isReached());
            before.close();
            assertTrue(reached.await(10, TimeUnit.SECONDS));
            hold.close();
            assertTrue(stream.await(LONG));
        }
    }

    @Test
    default void aHoldThatIsGivenUpStopsNothing() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceStream stream = independentStream()) {
            DeviceCopy before = stream.copyIn(address, 4096);
            DeviceHold hold = stream.hold(() -> {
                throw new AssertionError("given up, and reached");
            });
            hold.close();
            before.close();
            assertTrue(stream.await(LONG));
        }
    }

    @Test
    default void aHoldInABrokenContextSaysSo() throws DeviceException {
        DeviceContext broken = device().createContext(0);
        DeviceHold first = broken.defaultStream().hold(() -> {});
        DeviceHold second = broken.defaultStream().hold(() -> {});
        broken.cancel();
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, second::isReached);
        second.close();
        first.close();
        broken.close();
    }

    @Test
    default void limitsAreKeptWithinWhatTheDeviceCan() throws DeviceException {
        long most = context().limit(STACK_SIZE);
        assertTrue(most >= 1024, "stack of " + most);
        assertTrue(context().limit(PRINTF_FIFO_SIZE) >= 1024);
        context().setLimit(STACK_SIZE, 1024);
        assertTrue(context().limit(STACK_SIZE) >= 1024);
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().setLimit(STACK_SIZE, Long.MAX_VALUE));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().setLimit(STACK_SIZE, -1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().limit(77));
    }
}
