package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is free of an address space. */
@Timeout(60)
final class GapsTest {
    @Test
    void takesTheShortestGapThatIsLongEnough() {
        Gaps gaps = new Gaps(100, 1000);
        assertEquals(100, gaps.take(50));
        assertEquals(150, gaps.take(10));
        assertEquals(160, gaps.take(20));
        assertEquals(180, gaps.take(10));
        gaps.give(100, 50);
        gaps.give(160, 20);
        assertEquals(160, gaps.take(20));
        assertEquals(100, gaps.take(15));
        assertEquals(115, gaps.take(35));
        assertEquals(190, gaps.take(910));
        assertEquals(Gaps.NONE, gaps.take(1));
    }

    @Test
    void neighboursBecomeOne() {
        Gaps gaps = new Gaps(0, 30);
        for (int i = 0; i < 3; i++) {
            assertEquals(10L * i, gaps.take(10));
        }
        gaps.give(0, 10);
        gaps.give(20, 10);
        assertEquals(2, gaps.count());
        assertEquals(Gaps.NONE, gaps.take(11));
        gaps.give(10, 10);
        assertEquals(1, gaps.count());
        assertEquals(0, gaps.take(30));
    }

    /** Against a map of what is taken. */
    @Test
    void nothingIsGivenTwiceAndNothingIsLost() {
        int space = 4096;
        Random random = new Random(5);
        Gaps gaps = new Gaps(0, space);
        BitSet taken = new BitSet(space);
        List<long[]> held = new ArrayList<>();
        for (int round = 0; round < 20_000; round++) {
            if (random.nextInt(5) < 2 && !held.isEmpty()) {
                long[] range = held.remove(random.nextInt(held.size()));
                taken.clear((int) range[0], (int) (range[0] + range[1]));
                gaps.give(range[0], range[1]);
            } else {
                int length = 1 + random.nextInt(40);
                long start = gaps.take(length);
                if (start == Gaps.NONE) {
                    assertTrue(longest(taken, space) < length);
                } else {
                    assertEquals(0, taken.get((int) start, (int) start + length).cardinality());
                    taken.set((int) start, (int) start + length);
                    held.add(new long[] {start, length});
                }
            }
        }
        held.forEach(range -> gaps.give(range[0], range[1]));
        assertEquals(1, gaps.count());
        assertEquals(0, gaps.take(space));
    }

    /** Each of these would be looked at for every one that is taken: 10^10 steps. */
    @Test
    void manySmallGapsCostNoMoreThanFew() {
        int count = 200_000;
        Gaps gaps = new Gaps(0, 1L << 40);
        for (int i = 0; i < count; i++) {
            gaps.take(16);
        }
        for (int i = 0; i < count; i += 2) {
            gaps.give(16L * i, 16);
        }
        for (int i = 0; i < count; i++) {
            assertNotEquals(Gaps.NONE, gaps.take(32));
        }
    }

    private static int longest(BitSet taken, int space) {
        int longest = 0;
        for (int from = taken.nextClearBit(0); from < space; from = taken.nextClearBit(from)) {
            int to = taken.nextSetBit(from);
            to = to < 0 ? space : to;
            longest = Math.max(longest, to - from);
            from = to;
        }
        return longest;
    }
}
