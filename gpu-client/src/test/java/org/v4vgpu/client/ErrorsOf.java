package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.v4vgpu.proto.CudaStatus;

/** What a call throws. */
final class ErrorsOf {
    private ErrorsOf() {}

    static CudaException thrownBy(Runnable call) {
        return assertThrows(CudaException.class, call::run);
    }

    static void assertStatus(CudaStatus expected, Runnable call) {
        assertEquals(expected, thrownBy(call).status());
    }
}
