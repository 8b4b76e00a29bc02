package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemcpyDtoHRequest;
import org.v4vgpu.proto.MemcpyHtoDRequest;

/** Rows that lie close in a payload: where they come to lie, and what a client may say of them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class RowCopiesTest {
    private static final int ALLOCATED = 1000;

    /** Of ten bytes; the last pitch takes the last row to the allocation's last byte. */
    @Test
    void rowsLieAPitchApart() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long address = gpu.allocate(context, ALLOCATED);
            byte[] payload = ServerClients.bytes(100, 3);
            for (int pitch : new int[] {10, 11, 110}) {
                gpu.write(context, 0, address, new byte[ALLOCATED]);
                assertEquals(0, in(gpu, context, address, payload, 10, pitch));
                byte[] expected = new byte[ALLOCATED];
                for (int row = 0; row < 10; row++) {
                    System.arraycopy(payload, 10 * row, expected, pitch * row, 10);
                }
                assertArrayEquals(expected, gpu.read(context, address, ALLOCATED), "pitch " + pitch);
            }
            gpu.goodbye();
        }
    }

    @Test
    void rowsThatCannotBeAreRefused() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long address = gpu.allocate(context, ALLOCATED);
            byte[] payload = new byte[100];
            Arrays.fill(payload, (byte) 1);
            gpu.write(context, 0, address, new byte[ALLOCATED]);
            long[][] shapes = {
                {-1, 100},
                {Long.MIN_VALUE, 100},
                {3, 10},
                {101, 101},
                {10, 9},
                {10, 0},
                {10, -1},
                {10, 111},
                {10, Long.MAX_VALUE},
                {10, Long.MAX_VALUE / 9},
                {1, Long.MAX_VALUE / 99 + 1},
                {100, 99}
            };
            for (long[] shape : shapes) {
                String what = Arrays.toString(shape);
                int wrong = CudaStatus.INVALID_VALUE.code();
                assertEquals(wrong, in(gpu, context, address, payload, shape[0], shape[1]), what);
                assertEquals(wrong, out(gpu, context, address, payload.length, shape[0], shape[1]), what);
            }
            for (long bytes : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, ALLOCATED + 1}) {
                assertEquals(CudaStatus.INVALID_VALUE.code(), out(gpu, context, address, bytes, 1, 1), "" + bytes);
            }
            assertArrayEquals(new byte[ALLOCATED], gpu.read(context, address, ALLOCATED));
            gpu.goodbye();
        }
    }

    private static int in(TestClient gpu, long context, long address, byte[] payload, long rowBytes, long pitch)
            throws IOException {
        MemcpyHtoDRequest request = MemcpyHtoDRequest.newBuilder()
                .setContext(context)
                .setDestination(address)
                .setRowBytes(rowBytes)
                .setPitch(pitch)
                .build();
        return gpu.call(Call.MEMCPY_HTOD, request, MemorySegment.ofArray(payload))
                .status();
    }

    private static int out(TestClient gpu, long context, long address, long bytes, long rowBytes, long pitch)
            throws IOException {
        MemcpyDtoHRequest request = MemcpyDtoHRequest.newBuilder()
                .setContext(context)
                .setSource(address)
                .setBytes(bytes)
                .setRowBytes(rowBytes)
                .setPitch(pitch)
                .build();
        return gpu.call(Call.MEMCPY_DTOH, request).status();
    }
}
