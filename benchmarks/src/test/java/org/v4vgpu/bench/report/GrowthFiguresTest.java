package org.v4vgpu.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.v4vgpu.bench.result.Trend;

final class GrowthFiguresTest {
    @Test
    void saysWhatIsFlatAndWhatIsNot() {
        assertEquals("flat", GrowthFigures.verdict(new Trend(1, -1, 3), 100));
        assertEquals("flat", GrowthFigures.verdict(new Trend(0.5, 0.3, 0.7), 100));
        assertEquals("grows by 5.0 % a minute", GrowthFigures.verdict(new Trend(5, 4, 6), 100));
        assertEquals("too short to tell", GrowthFigures.verdict(Trend.of(new double[] {1, 2}, new double[] {5, 9}), 5));
        assertEquals("falls by 5.0 % a minute", GrowthFigures.verdict(new Trend(-5, -6, -4), 100));
    }
}
