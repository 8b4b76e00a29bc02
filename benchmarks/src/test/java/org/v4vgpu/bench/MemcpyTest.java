package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class MemcpyTest {
    /** Time is kept for these, so there must not be more of them than take turns. */
    @Test
    void aSizeHasTheContendersThatItsBytesAllow() {
        long mebibyte = 1 << 20;
        assertEquals(10 + 2, Memcpy.contenders(mebibyte, 5)); // starting the bound's threads would take longer
        assertEquals(10 + 2 + 1, Memcpy.contenders(4 * mebibyte, 5));
        assertEquals(10 + 2 + 1, Memcpy.contenders(64 * mebibyte, 5));
        assertEquals(10 + 1, Memcpy.contenders(256 * mebibyte, 5)); // no pinned memory of that size
    }
}
