package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** What a client may ask for as rows; what becomes of their bytes is HostMemoryTest's. */
final class CopiedRowsTest {
    @Test
    void coverWhatLiesBetweenThem() throws DeviceException {
        assertEquals(100, CopiedRows.extent(100, 0, 7));
        assertEquals(3 * 50 + 25, CopiedRows.extent(100, 25, 50));
        assertEquals(Long.MAX_VALUE - 1, CopiedRows.extent(2, 1, Long.MAX_VALUE - 2));
        assertEquals(100, CopiedRows.extent(100, 100, Long.MAX_VALUE));
    }

    @ParameterizedTest
    @CsvSource({
        "100, 30, 50", // not whole
        "100, -1, 50",
        "100, 25, 24", // overlap
        "100, 25, -1",
        "100, 25, 9223372036854775807", // beyond any address
        "100, 1000, 1000"
    })
    void areRefusedIfTheyAreNone(long bytes, long rowBytes, long pitch) {
        DeviceException refused = assertThrows(DeviceException.class, () -> CopiedRows.extent(bytes, rowBytes, pitch));
        assertEquals(CudaStatus.INVALID_VALUE, refused.status());
    }
}
