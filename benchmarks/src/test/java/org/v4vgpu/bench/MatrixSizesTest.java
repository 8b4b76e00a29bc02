package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class MatrixSizesTest {
    private static final List<Integer> QUICK = List.of(128, 512);

    @Test
    void doubleInAFullRunOnly() {
        assertEquals(QUICK, sizes(Effort.QUICK, 4, 8).all());
        List<Integer> full = sizes(Effort.FULL, 4, 8).all();
        assertEquals(List.of(128, 256, 512, 1024), full.subList(0, 4));
        assertTrue(full.getLast() >= 32_768, full::toString);
    }

    @Test
    void endWhereMemoryEnds() {
        MatrixSizes sizes = sizes(Effort.FULL, 1000, 8);
        String reason = sizes.obstacle(32_768, Long.MAX_VALUE);
        assertTrue(reason.startsWith("1000 matrices take 4000.0 GiB, more than half of the "), reason);
        assertEquals("", sizes.obstacle(16, Long.MAX_VALUE));
    }

    @Test
    void noTimeIsKeptForWhatMemoryRulesOut() {
        MatrixSizes huge = sizes(Effort.FULL, 100_000_000, 8);
        assertEquals(List.of(128, 256, 512, 1024), huge.fitting());
        assertTrue(huge.all().size() > 4, () -> huge.all().toString());
        assertEquals(QUICK, sizes(Effort.QUICK, 100_000_000, 8).fitting());
        assertEquals(sizes(Effort.FULL, 0, 8).all(), sizes(Effort.FULL, 0, 8).fitting());
    }

    @Test
    void endWhereTimeEnds() {
        MatrixSizes sizes = sizes(Effort.FULL, 0, 8);
        sizes.measured(
                1024, 9, TimeUnit.SECONDS.toNanos(9)); // a second for each round: 8 for those of 2048, 64 of 4096
        assertEquals("", sizes.obstacle(2048, TimeUnit.SECONDS.toNanos(33)));
        assertEquals(
                "three turns take about 32 s, more than the 31 s that are left of its share of the run's time",
                sizes.obstacle(2048, TimeUnit.SECONDS.toNanos(31)));
        assertEquals("", sizes.obstacle(4096, TimeUnit.SECONDS.toNanos(257)));
        assertTrue(!sizes.obstacle(4096, TimeUnit.SECONDS.toNanos(255)).isEmpty());
    }

    private static MatrixSizes sizes(Effort effort, int matrices, int growth) {
        return new MatrixSizes("matmul", effort, QUICK, matrices, growth);
    }
}
