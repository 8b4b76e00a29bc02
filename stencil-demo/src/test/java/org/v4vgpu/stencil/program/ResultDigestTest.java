package org.v4vgpu.stencil.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

final class ResultDigestTest {
    @Test
    void seesEveryElement() {
        float[] result = new float[40_000];
        String digest = ResultDigest.of(result);
        assertEquals(digest, ResultDigest.of(new float[40_000]));
        for (int i : new int[] {0, 16_383, 16_384, 39_999}) {
            result[i] = Float.MIN_VALUE;
            assertNotEquals(digest, ResultDigest.of(result), "at " + i);
            result[i] = 0;
        }
        assertNotEquals(digest, ResultDigest.of(new float[39_999]));
    }
}
