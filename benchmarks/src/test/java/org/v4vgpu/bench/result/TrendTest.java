package org.v4vgpu.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TrendTest {
    @Test
    void findsTheLine() {
        Trend trend = Trend.of(new double[] {1, 2, 3, 4}, new double[] {3, 5, 7, 9});
        assertEquals(2, trend.slope(), 1e-12);
        assertEquals(2, trend.low(), 1e-9);
        assertEquals(2, trend.high(), 1e-9);
        assertEquals("+2.00 [+2.00, +2.00]", trend.toString());
    }

    @Test
    void scatterWidensTheInterval() {
        Trend trend = Trend.of(new double[] {1, 2, 3, 4, 5, 6}, new double[] {1, -1, 1, -1, 1, -1});
        assertTrue(trend.low() < 0 && trend.high() > 0, trend.toString());
    }

    @Test
    void fewPointsTellNothing() {
        assertTrue(Double.isNaN(Trend.of(new double[] {1}, new double[] {1}).slope()));
        assertEquals(
                Double.POSITIVE_INFINITY,
                Trend.of(new double[] {1, 2}, new double[] {1, 2}).high());
    }
}
