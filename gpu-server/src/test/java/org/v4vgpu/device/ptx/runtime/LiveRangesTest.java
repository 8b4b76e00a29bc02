package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LiveRangesTest {
    private final LiveRanges ranges = new LiveRanges();

    @Test
    void findsOnlyLiveGranules() {
        byte[] map = {0, 1, 1, 0};
        assertEquals(0, ranges.limit(0, 64, 2), "before anything is found");
        assertFalse(ranges.find(0, 768 - 60, 4, 64, map, 0));
        assertFalse(ranges.find(0, 252, 4, 64, map, 0));
        assertFalse(ranges.find(0, 258, 4, 64, map, 0));
        assertFalse(ranges.find(0, -64, 4, 64, map, 0));
        assertFalse(ranges.find(0, 1020, 4, 64, map, 0));
        assertFalse(ranges.find(0, 260, 8, 128, map, 0));
        assertFalse(ranges.find(0, Long.MAX_VALUE - 3, 4, 64, map, 0));
        assertTrue(ranges.find(0, 768 - 64, 4, 64, map, 0));
        assertEquals(256, ranges.first(0));
        assertEquals((512 - 64) / 4 + 1, ranges.limit(0, 64, 2));
        assertEquals(0, ranges.limit(0, 516, 2), "more than there is");
        ranges.clear();
        assertEquals(0, ranges.limit(0, 64, 2));
    }

    @Test
    void looksFurtherWhereItIsAskedNearby() {
        byte[] map = new byte[10_000];
        Arrays.fill(map, (byte) 1);
        int asked = 0;
        for (long address = 0; address < map.length * 256L; address += 64) {
            long element = (address - ranges.first(3)) >> 2;
            if (Long.compareUnsigned(element, ranges.limit(3, 64, 2)) >= 0) {
                assertTrue(ranges.find(3, address, 4, 64, map, 0));
                asked++;
            }
        }
        assertTrue(asked < 20, asked + " times");
    }
}
