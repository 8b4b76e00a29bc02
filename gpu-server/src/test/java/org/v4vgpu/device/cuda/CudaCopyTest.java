package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceRegion;

/** Copies by way of the buffers and straight from and to registered memory, with lengths around the buffers'. */
final class CudaCopyTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final int LARGEST = 5 * StagingPool.BUFFER_BYTES / 2;
    private static final int[] LENGTHS = {
        1,
        4097,
        StagingPool.BUFFER_BYTES - 1,
        StagingPool.BUFFER_BYTES,
        StagingPool.BUFFER_BYTES + 1,
        2 * StagingPool.BUFFER_BYTES,
        LARGEST
    };

    @BeforeAll
    static void needsAGpu() {
        assumeTrue(Cuda.isAvailable(), "no GPU");
    }

    @Test
    void stagesWhatTheGpuCannotReach() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            byte[] bytes = random();
            bringsBackWhatItTook(context, MemorySegment.ofArray(bytes), MemorySegment.ofArray(new byte[LARGEST]));
        }
    }

    @Test
    void movesRegisteredMemoryWhereItLies() throws DeviceException {
        try (Arena arena = Arena.ofShared();
                CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext other = device.createContext(0)) {
            DeviceContext context = device.createContext(0);
            MemorySegment memory = arena.allocate(2L * LARGEST + 8192, 4096);
            MemorySegment source = memory.asSlice(100, LARGEST).copyFrom(MemorySegment.ofArray(random()));
            MemorySegment destination = memory.asSlice(LARGEST + 200, LARGEST);
            try (DeviceRegion _ = device.register(memory)) {
                bringsBackWhatItTook(context, source, destination);
                bringsBackWhatItTook(other, source, destination);
                if (StandIn.isDriver()) {
                    assertEquals(1, StandIn.counts().get("registration"), "no buffer was needed");
                }
                context.close(); // it had registered the memory for both
                bringsBackWhatItTook(other, source, destination);
            }
            bringsBackWhatItTook(other, source, destination);
        }
        if (StandIn.isDriver()) {
            assertEquals(Map.of(), StandIn.counts());
        }
    }

    private static void bringsBackWhatItTook(DeviceContext context, MemorySegment source, MemorySegment destination)
            throws DeviceException {
        long address = context.allocate(LARGEST);
        for (int length : LENGTHS) {
            destination.fill((byte) 0);
            try (DeviceCopy in = context.defaultStream().copyIn(address, length)) {
                assertTrue(in.await(LONG));
                in.transfer(0, source.asSlice(0, length / 3));
                in.transfer(length / 3, source.asSlice(length / 3, length - length / 3));
            }
            try (DeviceCopy out = context.defaultStream().copyOut(address, length)) {
                assertTrue(out.await(LONG));
                out.transfer(0, destination.asSlice(0, length / 2));
                out.transfer(length / 2, destination.asSlice(length / 2, length - length / 2));
            }
            assertEquals(-1, source.asSlice(0, length).mismatch(destination.asSlice(0, length)), length + " bytes");
        }
        context.free(address);
    }

    private static byte[] random() {
        byte[] bytes = new byte[LARGEST];
        new SplittableRandom(5).nextBytes(bytes);
        return bytes;
    }
}
