package org.v4vgpu.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

final class ScaleTest {
    @Test
    void aShortLogarithmicAxisNamesMoreThanPowersOfTen() {
        Scale scale = Scale.of(true, DoubleStream.of(2.1, 16));
        assertEquals(List.of("2", "5", "10"), labels(scale));
    }

    @Test
    void aLongOneOnlyThese() {
        Scale scale = Scale.of(true, DoubleStream.of(0.3, 1000));
        assertEquals(List.of("1", "10", "100", "1000"), labels(scale));
    }

    @Test
    void everyAxisNamesAtLeastOneValueAndHoldsAll() {
        for (double factor = 1; factor < 1e5; factor *= 1.7) {
            for (double least = 1e-3; least < 1e3; least *= 3.3) {
                double[] values = {least, least * factor};
                for (boolean logarithmic : new boolean[] {true, false}) {
                    Scale scale = Scale.of(logarithmic, DoubleStream.of(values));
                    for (double value : values) {
                        assertTrue(scale.position(value) >= scale.low() && scale.position(value) <= scale.high());
                    }
                    if (!logarithmic || factor > 4) {
                        assertTrue(scale.ticks().size() >= 2, scale::toString);
                    }
                    assertTrue(scale.ticks().size() <= 12, scale::toString);
                }
            }
        }
    }

    @Test
    void aLinearOneBeginsAtNothing() {
        assertEquals(List.of("0", "5000", "10000", "15000", "20000"), labels(Scale.of(false, DoubleStream.of(17_300))));
    }

    private static List<String> labels(Scale scale) {
        return scale.ticks().stream().map(Scale::label).toList();
    }
}
