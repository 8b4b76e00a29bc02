package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.*;

/** Copies, and errors that come late. */
abstract class CopyContract extends SessionContract {
    // ---- copies

    @Test
    void copiesOfAllSizesComeBack() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        int chunk = gpu.channel.maximumPayloadBytes();
        long address = gpu.allocate(context, 5L * chunk);
        for (int size : new int[] {0, 1, 7, 24, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 13, 5 * chunk}) {
            byte[] data = bytes(size, size);
            gpu.write(context, 0, address, data);
            assertArrayEquals(data, gpu.read(context, address, size), "size " + size);
        }
    }

    @Test
    void rejectedCopyIsDrainedAndToldOnce() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        int size = 3 * gpu.channel.maximumPayloadBytes() + 5;
        long address = gpu.allocate(context, size - 1);
        gpu.write(context, 0, address, bytes(size, 1));
        gpu.write(context, 99, address, bytes(size, 1));
        gpu.write(context, 0, address, bytes(16, 3));
        assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
        assertEquals(0, synchronize(gpu, context));
        assertArrayEquals(bytes(16, 3), gpu.read(context, address, 16));
    }

    @Test
    void copyThatWaitsAnswersItself() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 100_000);
        MemorySegment data = MemorySegment.ofArray(bytes(100_000, 4));
        assertEquals(
                0,
                gpu.call(Call.MEMCPY_HTOD, TestClient.toDevice(context, 0, address), data)
                        .status());
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(Call.MEMCPY_HTOD, TestClient.toDevice(context, 0, address + 1), data)
                        .status());
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void copyToHostBeyondAllocationFails() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 4096);
        assertEquals(CudaStatus.INVALID_VALUE.code(), gpu.read(context, 0, address, new byte[4097]));
        for (long bytes : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertEquals(
                    CudaStatus.INVALID_VALUE.code(),
                    gpu.call(Call.MEMCPY_DTOH, TestClient.fromDevice(context, 0, address, bytes))
                            .status());
        }
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void copiesWithinDeviceAndFills() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long from = gpu.allocate(context, 4096);
        long to = gpu.allocate(context, 4096);
        for (int elementBytes : new int[] {1, 2, 4}) {
            gpu.post(Call.MEMSET, fill(context, from, elementBytes, 0x01020304, 4096 / elementBytes));
            gpu.post(
                    Call.MEMCPY_DTOD,
                    MemcpyDtoDRequest.newBuilder()
                            .setContext(context)
                            .setSource(from)
                            .setDestination(to)
                            .setBytes(4096)
                            .build());
            byte[] expected = new byte[4096];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = (byte) (4 - i % elementBytes);
            }
            assertArrayEquals(expected, gpu.read(context, to, 4096));
        }
        for (MemsetRequest wrong : new MemsetRequest[] {
            fill(context, from, 3, 0, 1), fill(context, from, 0, 0, 1), fill(context, from, 4, 0, 1025),
            fill(context, from, 4, 0, -1), fill(context, from, 4, 0, Long.MAX_VALUE), fill(context, 0, 1, 0, 1)
        }) {
            gpu.post(Call.MEMSET, wrong);
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context), wrong::toString);
        }
    }

    // ---- late errors

    @Test
    void lateErrorComesOnceAndStopsTheCallThatReturnsIt() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        gpu.post(Call.MEMSET, fill(context, 0, 1, 0, 1)); // INVALID_VALUE
        gpu.post(
                Call.EVENT_RECORD,
                EventRecordRequest.newBuilder().setContext(context).build()); // INVALID_HANDLE
        long before = usedBytes();
        assertEquals(CudaStatus.INVALID_VALUE.code(), allocate(gpu, context, 1 << 20));
        assertEquals(before, usedBytes());
        assertEquals(0, allocate(gpu, context, 1 << 20));
    }

    @Test
    void releasingCallIsExecutedThoughItReturnsLateError() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 4096);
        gpu.post(Call.MEMSET, fill(context, 0, 1, 0, 1));
        assertEquals(CudaStatus.INVALID_VALUE.code(), free(gpu, context, address));
        assertEquals(CudaStatus.INVALID_VALUE.code(), free(gpu, context, address)); // already free: its own error
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void lateErrorStaysWithItsLane() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        try (TestClient other = gpu.join(connect())) {
            gpu.post(Call.MEMSET, fill(context, 0, 1, 0, 1));
            assertEquals(0, synchronize(other, context));
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
            other.goodbye();
        }
    }

    @Test
    void oneWayCallThatWaitsIsAnswered() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(Call.MEMSET, fill(context, 0, 1, 0, 1)).status());
        assertEquals(0, synchronize(gpu, context));
    }
}
