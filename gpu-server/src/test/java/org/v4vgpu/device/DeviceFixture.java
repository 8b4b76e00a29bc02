package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.function.Executable;
import org.v4vgpu.proto.CudaStatus;

/** What the parts of the contract work on, and the moves they share. */
interface DeviceFixture {
    long TICK = TimeUnit.MILLISECONDS.toNanos(20);
    long LONG = TimeUnit.SECONDS.toNanos(30);

    Device device();

    DeviceContext context();

    default DeviceStream stream() {
        return context().defaultStream();
    }

    /** A stream that ignores the default stream. */
    default DeviceStream independentStream() throws DeviceException {
        return context().createStream(1, 0);
    }

    static void put(DeviceStream stream, long address, byte[] bytes) throws DeviceException {
        try (DeviceCopy copy = stream.copyIn(address, bytes.length)) {
            assertEquals(true, copy.await(LONG), "copy in never came to its turn");
            copy.transfer(0, MemorySegment.ofArray(bytes));
        }
    }

    static byte[] bytesAt(DeviceStream stream, long address, int length) throws DeviceException {
        byte[] bytes = new byte[length];
        try (DeviceCopy copy = stream.copyOut(address, length)) {
            assertEquals(true, copy.await(LONG), "copy out never came to its turn");
            copy.transfer(0, MemorySegment.ofArray(bytes));
        }
        return bytes;
    }

    static byte[] bytesFrom(int start, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (start + i * 7);
        }
        return bytes;
    }

    static DeviceException assertStatus(CudaStatus expected, Executable step) {
        DeviceException thrown = assertThrows(DeviceException.class, step);
        assertEquals(expected, thrown.status(), thrown.getMessage());
        return thrown;
    }
}
