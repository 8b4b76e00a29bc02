package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** CU_LIMIT_MALLOC_HEAP_SIZE. */
@Timeout(60)
final class MallocLimitTest {
    private static final int MALLOC_HEAP_SIZE = 2;
    private static final long LONG = 10_000_000_000L;
    private static final LaunchShape ONE_THREAD = new LaunchShape(1, 1, 1, 1, 1, 1, 0);
    private static final long MIB = 1 << 20;

    private final SoftwareDeviceOptions small = SoftwareDeviceOptions.defaults().withTotalBytes(64 * MIB);

    /** The kernel takes pieces of 1 MiB until it gets no more. */
    @ParameterizedTest
    @CsvSource({"0, 8", "3, 3", "40, 40"})
    void theHeapIsAsLargeAsAskedFor(long mebibytes, int pieces) throws DeviceException {
        try (SoftwareDevice device = new SoftwareDevice(small);
                DeviceContext context = device.createContext(0)) {
            if (mebibytes > 0) {
                context.setLimit(MALLOC_HEAP_SIZE, mebibytes * MIB);
            }
            assertEquals(pieces * MIB, context.limit(MALLOC_HEAP_SIZE));
            assertEquals(pieces, exhaust(context));
            assertTrue(device.usedBytes() >= pieces * MIB);
            DeviceException late =
                    assertThrows(DeviceException.class, () -> context.setLimit(MALLOC_HEAP_SIZE, 5 * MIB));
            assertEquals(CudaStatus.INVALID_VALUE, late.status());
            assertEquals(pieces * MIB, context.limit(MALLOC_HEAP_SIZE));
        }
    }

    @Test
    void whatTheDeviceHasNotIsRefusedAtTheLaunch() throws DeviceException {
        try (SoftwareDevice device = new SoftwareDevice(small);
                DeviceContext context = device.createContext(0)) {
            assertThrows(DeviceException.class, () -> context.setLimit(MALLOC_HEAP_SIZE, -1));
            assertThrows(DeviceException.class, () -> context.setLimit(MALLOC_HEAP_SIZE, (1L << 30) + 1));
            context.setLimit(MALLOC_HEAP_SIZE, 100 * MIB);
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY,
                    assertThrows(DeviceException.class, () -> exhaust(context)).status());
            context.setLimit(MALLOC_HEAP_SIZE, MIB);
            assertEquals(1, exhaust(context));
        }
    }

    private static int exhaust(DeviceContext context) throws DeviceException {
        DeviceFunction function =
                context.loadModule(Kernels.file("full/calls.ptx")).function("exhaust");
        long out = context.allocate(4);
        context.defaultStream().launch(function, ONE_THREAD, MemorySegment.ofArray(new long[] {out}));
        int[] pieces = new int[1];
        try (var copy = context.defaultStream().copyOut(out, 4)) {
            assertTrue(copy.await(LONG));
            copy.transfer(0, MemorySegment.ofArray(pieces));
        }
        return pieces[0];
    }
}
