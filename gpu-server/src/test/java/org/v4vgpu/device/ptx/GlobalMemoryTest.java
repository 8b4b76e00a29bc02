package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

class GlobalMemoryTest {
    @Test
    void alignsAndSeparatesAllocations() throws DeviceException {
        try (GlobalMemory memory = GlobalMemory.reserve(1 << 20)) {
            long first = memory.allocate(1);
            long second = memory.allocate(257);
            assertEquals(0, first % 256);
            assertEquals(0, second % 256);
            assertTrue(second - first >= 512, "no guard between the allocations");
            assertEquals(256 + 512, memory.usedBytes());
        }
    }

    @Test
    void checksRangesToTheByte() throws DeviceException {
        try (GlobalMemory memory = GlobalMemory.reserve(1 << 20)) {
            long address = memory.allocate(100);
            memory.check(address, 100);
            memory.check(address + 99, 1);
            memory.check(address + 100, 0);
            assertInvalid(() -> memory.check(address, 101));
            assertInvalid(() -> memory.check(address + 100, 1));
            assertInvalid(() -> memory.check(address - 1, 1));
            assertInvalid(() -> memory.check(0, 1));
            assertInvalid(() -> memory.check(address, -1));
            assertInvalid(() -> memory.check(address, Long.MAX_VALUE));
            assertInvalid(() -> memory.check(Long.MIN_VALUE, Long.MAX_VALUE));
            assertInvalid(() -> memory.free(address + 1));
            memory.free(address);
            assertInvalid(() -> memory.free(address));
            assertInvalid(() -> memory.check(address, 1));
        }
    }

    @Test
    void refusesWhatExceedsTheCapacity() throws DeviceException {
        try (GlobalMemory memory = GlobalMemory.reserve(1 << 20)) {
            assertInvalid(() -> memory.allocate(0));
            assertInvalid(() -> memory.allocate(-1));
            for (long bytes : new long[] {(1 << 20) + 1, Long.MAX_VALUE}) {
                DeviceException thrown = assertThrows(DeviceException.class, () -> memory.allocate(bytes));
                assertEquals(CudaStatus.OUT_OF_MEMORY, thrown.status());
            }
            memory.free(memory.allocate(1 << 20));
            for (int i = 0; i < 4096; i++) {
                memory.allocate(256);
            }
            assertThrows(DeviceException.class, () -> memory.allocate(1));
        }
    }

    @Test
    void givesZeroedMemoryAgainAndAgain() throws DeviceException {
        Random random = new Random(7);
        try (GlobalMemory memory = GlobalMemory.reserve(1 << 22)) {
            List<long[]> held = new ArrayList<>();
            for (int round = 0; round < 2000; round++) {
                if (held.size() > 20 || (!held.isEmpty() && random.nextBoolean())) {
                    memory.free(held.remove(random.nextInt(held.size()))[0]);
                } else {
                    long bytes = 1L + random.nextInt(round % 10 == 0 ? 100_000 : 3000);
                    long address = memory.allocate(bytes);
                    MemorySegment segment = memory.segment(address, bytes);
                    for (long i = 0; i < bytes; i++) {
                        assertEquals(0, segment.get(ValueLayout.JAVA_BYTE, i));
                    }
                    segment.fill((byte) 0xA5);
                    held.add(new long[] {address, bytes});
                }
            }
            for (long[] allocation : held) {
                memory.free(allocation[0]);
            }
            assertEquals(0, memory.usedBytes());
            memory.free(memory.allocate(1 << 22));
        }
    }

    @Test
    void addressesDifferBetweenMemoriesAndFromNativeOnes() throws DeviceException {
        try (GlobalMemory one = GlobalMemory.reserve(1 << 20);
                GlobalMemory other = GlobalMemory.reserve(1 << 20)) {
            long address = one.allocate(64);
            assertNotEquals(address, other.allocate(64));
            assertNotEquals(address, one.segment(address, 64).address());
            assertInvalid(() -> other.check(address, 1));
        }
    }

    @Test
    void closesOnceAndForGood() throws DeviceException {
        GlobalMemory memory = GlobalMemory.reserve(1 << 20);
        memory.allocate(64);
        memory.close();
        memory.close();
        assertEquals(0, memory.usedBytes());
        assertEquals(
                CudaStatus.CONTEXT_IS_DESTROYED,
                assertThrows(DeviceException.class, () -> memory.allocate(64)).status());
    }

    @Test
    void refusesCapacitiesThatItCannotMap() {
        assertThrows(IllegalArgumentException.class, () -> GlobalMemory.reserve(0));
        assertThrows(IllegalArgumentException.class, () -> GlobalMemory.reserve((128L << 30) + 1));
    }

    @Test
    void hasALimitOfAllocations() throws DeviceException {
        try (GlobalMemory memory = GlobalMemory.reserve(1 << 30)) {
            long last = 0;
            for (int i = 0; i < 65_536; i++) {
                last = memory.allocate(1);
            }
            DeviceException thrown = assertThrows(DeviceException.class, () -> memory.allocate(1));
            assertEquals(CudaStatus.OUT_OF_MEMORY, thrown.status());
            assertTrue(String.valueOf(thrown.getMessage()).contains("65536 allocations"), thrown.getMessage());
            memory.free(last);
            memory.allocate(1);
        }
    }

    /** More memories than there are addresses, one after the other: the live one's are not given again. */
    @Test
    void addressesOfALiveMemoryAreItsOwn() throws DeviceException {
        try (GlobalMemory live = GlobalMemory.reserve(1 << 20)) {
            long address = live.allocate(64);
            for (int i = 0; i < 10_000; i++) {
                try (GlobalMemory other = GlobalMemory.reserve(1 << 20)) {
                    assertNotEquals(address, other.allocate(64));
                }
            }
        }
    }

    private static void assertInvalid(org.junit.jupiter.api.function.Executable call) {
        DeviceException thrown = assertThrows(DeviceException.class, call);
        assertEquals(CudaStatus.INVALID_VALUE, thrown.status());
    }
}
