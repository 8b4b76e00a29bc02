package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** Modules and launches. */
interface LaunchContract extends DeviceFixture {
    @Test
    default void refusesImagesThatAreNoModules() {
        assertStatus(CudaStatus.INVALID_IMAGE, () -> context().loadModule(MemorySegment.ofArray(new byte[0])));
        assertStatus(CudaStatus.INVALID_IMAGE, () -> context().loadModule(MemorySegment.ofArray(new byte[100])));
        DeviceException thrown = assertStatus(
                CudaStatus.INVALID_PTX, () -> context().loadModule(image("this is a sentence, not a module")));
        assertTrue(thrown.getMessage().contains("line 1"), thrown.getMessage());
    }

    private static MemorySegment image(String text) {
        return MemorySegment.ofArray((text + '\0').getBytes(StandardCharsets.US_ASCII));
    }
}
