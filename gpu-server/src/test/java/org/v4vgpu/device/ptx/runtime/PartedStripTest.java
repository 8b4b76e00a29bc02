package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Only those threads move anything that run, and only their addresses count. */
class PartedStripTest {
    private static final int[] NUMBERED =
            IntStream.range(100, 100 + Strips.THREADS).toArray();

    @Test
    void addressesOfOthersMayBeWrong() {
        int[] words = new int[8];
        assertTrue(PartedStrip.scatter(-8, 4, words, NUMBERED, 0b10_0000_1100));
        assertArrayEquals(new int[] {102, 103, 0, 0, 0, 0, 0, 109}, words);
        int[] found = new int[Strips.THREADS];
        assertTrue(PartedStrip.gather(28, -4, words, found, 0b1000_0001));
        assertEquals(109, found[0]);
        assertEquals(102, found[7]);
        assertEquals(0, found[1]);
    }

    @Test
    void nothingIsStoredWhereOneIsWrong() {
        int[] words = new int[8];
        assertFalse(PartedStrip.scatter(-8, 4, words, NUMBERED, 0b110));
        assertFalse(PartedStrip.scatter(-8, 4, words, NUMBERED, 0b100_0000_0100));
        assertFalse(PartedStrip.scatter(2, 4, words, NUMBERED, 1));
        byte[] map = {0, 1, 0};
        assertFalse(PartedStrip.scatterGlobal(0, 256, map, 0, 0, NUMBERED, 0b11));
        assertFalse(PartedStrip.gatherGlobal(258, 4, map, 0, 0, NUMBERED, 1));
        assertFalse(PartedStrip.gatherGlobal(260, 8, map, 0, 0, new long[Strips.THREADS], 1));
        assertArrayEquals(new int[8], words);
    }

    /** One address for all: the last one's value stays. */
    @Test
    void theLastOfThoseThatRunWins() {
        int[] words = new int[2];
        assertTrue(PartedStrip.scatter(4, 0, words, NUMBERED, 0b1_0110));
        assertArrayEquals(new int[] {0, 104}, words);
    }

    /** A row that every block has something to do for is no surprise any more; one at an edge stays one. */
    @Test
    void blocksBeginPartedOnceMostDo() {
        PlaceParting rows = new PlaceParting();
        PlaceParting edges = new PlaceParting();
        for (int block = 0; block < 100; block++) {
            rows.ran(16, 16);
            edges.ran(block % 64 < 2 ? 16 : 0, 16);
        }
        assertTrue(rows.next());
        assertFalse(edges.next());
        for (int block = 0; block < 100; block++) {
            rows.ran(0, 16);
        }
        assertFalse(rows.next());
    }
}
