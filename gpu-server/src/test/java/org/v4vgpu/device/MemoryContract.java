package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;
import static org.v4vgpu.device.DeviceFixture.bytesAt;
import static org.v4vgpu.device.DeviceFixture.bytesFrom;
import static org.v4vgpu.device.DeviceFixture.put;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** Description, allocations, their accounts, copies and fills. */
interface MemoryContract extends DeviceFixture {
    @Test
    default void describesItself() {
        DeviceDescription description = device().description();
        Map<Integer, Integer> attributes = description.attributes();
        assertFalse(description.name().isBlank());
        assertTrue(description.totalBytes() > 0);
        assertTrue(description.driverVersion() >= 12000);
        assertEquals(32, attributes.get(10), "warp size");
        assertEquals(1024, attributes.get(1), "threads per block");
        assertTrue(attributes.getOrDefault(16, 0) >= 1, "multiprocessors");
        assertTrue(attributes.getOrDefault(75, 0) >= 5, "compute capability");
        for (int attribute = 1; attribute <= 127; attribute++) {
            assertTrue(attributes.containsKey(attribute), "attribute " + attribute);
        }
    }

    @Test
    default void allocatesAlignedAndKeepsAccounts() throws DeviceException {
        long before = device().usedBytes();
        long free = context().memoryInfo().freeBytes();
        long a = context().allocate(1);
        long b = context().allocate(100_000);
        assertNotEquals(0, a);
        assertEquals(0, a % 256);
        assertEquals(0, b % 256);
        assertTrue(device().usedBytes() - before >= 100_001);
        assertEquals(free - context().memoryInfo().freeBytes(), device().usedBytes() - before);
        assertTrue(context().usedBytes() >= 100_001);
        context().free(a);
        context().free(b);
        assertEquals(before, device().usedBytes());
        assertEquals(free, context().memoryInfo().freeBytes());
        assertEquals(device().description().totalBytes(), context().memoryInfo().totalBytes());
    }

    @Test
    default void refusesMoreThanTheDeviceHas() throws DeviceException {
        long total = device().description().totalBytes();
        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> context().allocate(total + 1));
        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> context().allocate(Long.MAX_VALUE));
        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> context().allocate(-1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().allocate(0));
        long most = context().allocate(context().memoryInfo().freeBytes() / 4 * 3);
        try (DeviceContext other = device().createContext(0)) {
            assertStatus(CudaStatus.OUT_OF_MEMORY, () -> other.allocate(total / 2));
            context().free(most);
            assertNotEquals(0, other.allocate(total / 2));
        }
        context().allocate(total / 2);
    }

    @Test
    default void freesOnlyWhatIsAllocated() throws DeviceException {
        long address = context().allocate(1024);
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().free(address + 256));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().free(0));
        context().free(address);
        assertStatus(CudaStatus.INVALID_VALUE, () -> context().free(address));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copyIn(address, 4));
    }

    @Test
    default void copiesInAndOutInChunks() throws DeviceException {
        long address = context().allocate(100_000);
        byte[] bytes = bytesFrom(3, 100_000);
        MemorySegment host = MemorySegment.ofArray(bytes);
        try (DeviceCopy copy = stream().copyIn(address, bytes.length)) {
            assertTrue(copy.await(LONG));
            for (int offset = 0; offset < bytes.length; offset += 4099) {
                copy.transfer(offset, host.asSlice(offset, Math.min(4099, bytes.length - offset)));
            }
        }
        byte[] back = new byte[bytes.length];
        try (DeviceCopy copy = stream().copyOut(address, back.length)) {
            assertTrue(copy.await(LONG));
            for (int offset = 0; offset < back.length; offset += 1031) {
                copy.transfer(
                        offset, MemorySegment.ofArray(back).asSlice(offset, Math.min(1031, back.length - offset)));
            }
        }
        assertArrayEquals(bytes, back);
        assertArrayEquals(Arrays.copyOfRange(bytes, 777, 1777), bytesAt(stream(), address + 777, 1000));
    }

    @Test
    default void refusesCopiesOutsideOfOneAllocation() throws DeviceException {
        long address = context().allocate(1000);
        long other = context().allocate(1000);
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copyIn(address, 1001));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copyOut(address + 1, 1000));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copyOut(address - 1, 2));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copyIn(address, -1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copyIn(64, 1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copy(other, address, 1001));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().copy(other + 500, address, 501));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().fill(address, 4, 0, 251));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().fill(address, 4, 0, Long.MAX_VALUE));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().fill(address + 1, 2, 0, 1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().fill(address, 3, 0, 1));
        try (DeviceCopy copy = stream().copyIn(address, 100)) {
            assertTrue(copy.await(LONG));
            assertStatus(CudaStatus.INVALID_VALUE, () -> copy.transfer(1, MemorySegment.ofArray(new byte[100])));
            assertStatus(CudaStatus.INVALID_VALUE, () -> copy.transfer(-1, MemorySegment.ofArray(new byte[1])));
        }
        assertTrue(context().await(LONG));
    }

    @Test
    default void copiesNothingAnywhere() throws DeviceException {
        stream().copy(0, 0, 0);
        stream().fill(0, 4, 1, 0);
        try (DeviceCopy copy = stream().copyIn(0, 0)) {
            assertTrue(copy.await(LONG));
        }
    }

    @Test
    default void copiesWithinTheDevice() throws DeviceException {
        int length = 3 << 20;
        long address = context().allocate(length);
        long other = context().allocate(length);
        byte[] bytes = bytesFrom(9, length);
        put(stream(), address, bytes);
        stream().copy(other, address, length);
        assertArrayEquals(bytes, bytesAt(stream(), other, length));
        stream().copy(other + 10, other, 1000);
        System.arraycopy(bytes, 0, bytes, 10, 1000);
        assertArrayEquals(bytes, bytesAt(stream(), other, length));
    }

    @Test
    default void fillsWithEveryWidth() throws DeviceException {
        int length = 1 << 20;
        long address = context().allocate(length);
        for (int elementBytes : new int[] {1, 2, 4}) {
            for (int value : new int[] {0x01020304, 0, -1, 0x7f007f00}) {
                for (int elements : new int[] {1, 3, 1000, 5000, (length - 512) / elementBytes}) {
                    put(stream(), address, bytesFrom(value, elements * elementBytes + 264));
                    stream().fill(address + 8, elementBytes, value, elements);
                    byte[] expected = bytesFrom(value, elements * elementBytes + 264);
                    for (int i = 0; i < elements * elementBytes; i++) {
                        expected[8 + i] = (byte) (value >> (8 * (i % elementBytes)));
                    }
                    assertArrayEquals(expected, bytesAt(stream(), address, expected.length));
                }
            }
        }
    }

    @Test
    default void freesBehindTheWorkEnqueuedBefore() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceStream stream = independentStream()) {
            DeviceCopy held = stream.copyIn(address, 4096);
            context().free(address);
            assertStatus(CudaStatus.INVALID_VALUE, () -> stream.copyOut(address, 4096));
            assertStatus(CudaStatus.INVALID_VALUE, () -> context().free(address));
            assertFalse(context().await(TICK));
            assertTrue(context().usedBytes() >= 4096);
            held.transfer(0, MemorySegment.ofArray(new byte[4096]));
            held.close();
            assertTrue(context().await(LONG));
            assertEquals(0, context().usedBytes());
        }
    }

    @Test
    default void keepsContextsApart() throws DeviceException {
        long address = context().allocate(4096);
        try (DeviceContext other = device().createContext(0)) {
            assertStatus(CudaStatus.INVALID_VALUE, () -> other.defaultStream().copyOut(address, 4096));
            assertStatus(CudaStatus.INVALID_VALUE, () -> other.free(address));
        }
        put(stream(), address, bytesFrom(1, 4096));
    }
}
