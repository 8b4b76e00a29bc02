package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

final class ModuleImageTest {
    @Test
    void takesTextUpToANulOrTheEnd() throws DeviceException {
        assertEquals(".version 9.0", ModuleImage.text(bytes(".version 9.0")));
        assertEquals(".version 9.0", ModuleImage.text(bytes(".version 9.0\0 old rubbish")));
        assertEquals("x", ModuleImage.text(bytes("x")));
    }

    @Test
    void namesBinaryFormats() {
        assertRefused(CudaStatus.NO_BINARY_FOR_GPU, "cubin", new byte[] {0x7f, 'E', 'L', 'F', 2, 1});
        assertRefused(CudaStatus.NO_BINARY_FOR_GPU, "fatbin", new byte[] {0x50, (byte) 0xed, 0x55, (byte) 0xba, 1});
        assertRefused(CudaStatus.NO_BINARY_FOR_GPU, "fatbin", new byte[] {(byte) 0xb1, 0x43, 0x62, 0x46, 1});
        assertRefused(CudaStatus.INVALID_IMAGE, "neither", new byte[] {(byte) 0xff, (byte) 0xfe, 1, 2});
        assertRefused(CudaStatus.INVALID_IMAGE, "empty", new byte[0]);
        assertRefused(CudaStatus.INVALID_IMAGE, "empty", new byte[] {0, 'a'});
    }

    private static void assertRefused(CudaStatus status, String word, byte[] image) {
        DeviceException thrown =
                assertThrows(DeviceException.class, () -> ModuleImage.text(MemorySegment.ofArray(image)));
        assertEquals(status, thrown.status());
        assertTrue(String.valueOf(thrown.getMessage()).contains(word), thrown.getMessage());
    }

    private static MemorySegment bytes(String text) {
        return MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII));
    }
}
