package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceDescription;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.WindowPartner;

/** What is left of a window that a session could not take. */
class WindowsTest {
    private final MemorySegment[] mapped = {MemorySegment.NULL};
    private final AtomicInteger regions = new AtomicInteger();

    /** A device that is only told of memory. */
    private abstract static class Told implements Device {
        @Override
        public DeviceDescription description() {
            throw new AssertionError("nothing here asks for it");
        }

        @Override
        public long usedBytes() {
            return 0;
        }

        @Override
        public DeviceContext createContext(int flags) {
            throw new AssertionError("nothing here asks for it");
        }

        @Override
        public void close() {}
    }

    private final Device willing = new Told() {
        @Override
        public DeviceRegion register(MemorySegment memory) {
            regions.incrementAndGet();
            return regions::decrementAndGet;
        }
    };

    private final WindowPartner client = new WindowPartner() {
        @Override
        public Window share(long lengthBytes) {
            throw new AssertionError("nothing here asks for it");
        }

        @Override
        @SuppressWarnings("MustBeClosedChecker") // the arena becomes the window's
        public Window open(long name, long lengthBytes) {
            Arena arena = Arena.ofShared();
            mapped[0] = arena.allocate(lengthBytes, 4096);
            return new Window(name, mapped[0], arena, () -> {});
        }
    };

    @Test
    void isNothingIfADeviceFails() throws Exception {
        IllegalStateException failure = new IllegalStateException("no more registrations");
        Device failing = new Told() {
            @Override
            public DeviceRegion register(MemorySegment memory) {
                throw failure;
            }
        };
        WindowBudget common = Windows.commonBudget(SessionLimits.DEFAULT);
        try (Windows windows = new Windows(SessionLimits.DEFAULT, common, List.of(willing, failing))) {
            assertSame(failure, assertThrows(IllegalStateException.class, () -> windows.open(client, 1, 5000)));
            assertEquals(0, regions.get());
            assertThrows(IllegalStateException.class, () -> mapped[0].get(ValueLayout.JAVA_BYTE, 0));
            assertEquals(0, windows.usedBytes());
            assertEquals(0, common.usedBytes());
        }
    }

    @Test
    void isWhatTheDevicesKnowUntilItIsClosed() throws Exception {
        WindowBudget common = Windows.commonBudget(SessionLimits.DEFAULT);
        try (Windows windows = new Windows(SessionLimits.DEFAULT, common, List.of(willing, willing))) {
            long _ = windows.open(client, 1, 5000);
            assertEquals(2, regions.get());
            assertEquals(8192, windows.usedBytes());
        }
        assertEquals(0, regions.get());
        assertThrows(IllegalStateException.class, () -> mapped[0].get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(0, common.usedBytes());
    }
}
