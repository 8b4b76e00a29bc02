package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.device.DeviceWork;

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

    /** Each chunk has an event behind it: the owner gives its memory back when that is done, and not before. */
    @Test
    void takesTheNextChunkWhileTheFirstIsMoved() throws DeviceException {
        try (Arena arena = Arena.ofShared();
                CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            MemorySegment memory = arena.allocate(4 << 20, 4096);
            MemorySegment source = memory.asSlice(0, LARGEST / 2)
                    .copyFrom(MemorySegment.ofArray(random()).asSlice(0, LARGEST / 2));
            MemorySegment destination = memory.asSlice(2 << 20, LARGEST / 2);
            long address = context.allocate(LARGEST / 2);
            try (DeviceRegion _ = device.register(memory)) {
                movesThreeAtATime(context.defaultStream().copyIn(address, LARGEST / 2), source);
                movesThreeAtATime(context.defaultStream().copyOut(address, LARGEST / 2), destination);
                assertEquals(-1, source.mismatch(destination));
            }
        }
    }

    private static void movesThreeAtATime(DeviceCopy copy, MemorySegment host) throws DeviceException {
        long third = host.byteSize() / 3;
        List<DeviceWork> chunks = new ArrayList<>();
        try (copy) {
            assertTrue(copy.await(LONG));
            try (HeldDma _ = new HeldDma()) {
                for (int i = 0; i < 3; i++) {
                    long begin = i * third;
                    long length = i == 2 ? host.byteSize() - begin : third;
                    chunks.add(copy.begin(begin, host.asSlice(begin, length)));
                }
                if (StandIn.isDriver()) {
                    assertEquals(3, StandIn.waitingDma());
                    for (DeviceWork chunk : chunks) {
                        assertFalse(chunk.await(0));
                    }
                }
            }
            for (DeviceWork chunk : chunks) {
                assertTrue(chunk.await(LONG));
            }
        }
    }

    /** Whatever became of the context: else the DMA would write memory that its owner uses for something else. */
    @Test
    void closingWaitsForChunksOfACancelledContext() throws DeviceException {
        assumeTrue(StandIn.isDriver(), "runs on the stand-in driver");
        try (Arena arena = Arena.ofShared();
                CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            MemorySegment memory = arena.allocate(8192, 4096);
            long address = context.allocate(4096);
            context.defaultStream().fill(address, 1, 7, 4096);
            try (DeviceRegion _ = device.register(memory)) {
                DeviceWork chunk = beginCancelled(context, address, memory.asSlice(0, 4096));
                assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, 4095));
                assertThrows(DeviceException.class, () -> chunk.await(0));
            }
        }
    }

    private static DeviceWork beginCancelled(DeviceContext context, long address, MemorySegment host)
            throws DeviceException {
        try (DeviceCopy copy = context.defaultStream().copyOut(address, 4096)) {
            assertTrue(copy.await(LONG));
            try (HeldDma _ = new HeldDma()) {
                DeviceWork chunk = copy.begin(0, host);
                context.cancel();
                assertFalse(chunk.await(1_000_000));
                return chunk;
            }
        }
    }

    /** One buffer is on its way while the other's bytes are sent on. */
    @Test
    void readsAheadWhereItStages() throws DeviceException {
        assumeTrue(StandIn.isDriver(), "runs on the stand-in driver");
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            byte[] bytes = random();
            long address = context.allocate(LARGEST);
            try (DeviceCopy in = context.defaultStream().copyIn(address, LARGEST)) {
                assertTrue(in.await(LONG));
                in.transfer(0, MemorySegment.ofArray(bytes));
            }
            assertTrue(context.await(LONG));
            MemorySegment back = MemorySegment.ofArray(new byte[LARGEST]);
            try (DeviceCopy out = context.defaultStream().copyOut(address, LARGEST)) {
                assertTrue(out.await(LONG));
                out.transfer(0, back.asSlice(0, StagingPool.BUFFER_BYTES - 10));
                try (HeldDma _ = new HeldDma()) {
                    out.transfer(StagingPool.BUFFER_BYTES - 10, back.asSlice(StagingPool.BUFFER_BYTES - 10, 10));
                    assertEquals(1, StandIn.waitingDma(), "the third buffer's bytes are on their way");
                    out.transfer(
                            StagingPool.BUFFER_BYTES, back.asSlice(StagingPool.BUFFER_BYTES, StagingPool.BUFFER_BYTES));
                }
                long third = 2L * StagingPool.BUFFER_BYTES;
                out.transfer(third, back.asSlice(third, 100));
                out.transfer(third, back.asSlice(third, LARGEST - third)); // and again from an earlier place
            }
            assertEquals(-1, MemorySegment.ofArray(bytes).mismatch(back));
        }
    }

    /** The stand-in's DMA waits; a GPU's does not. */
    private static final class HeldDma implements AutoCloseable {
        HeldDma() {
            hold(true);
        }

        @Override
        public void close() {
            hold(false);
        }

        private static void hold(boolean held) {
            if (StandIn.isDriver()) {
                StandIn.holdDma(held);
            }
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
