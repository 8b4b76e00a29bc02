package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class SamplesTest {
    @Test
    void givesPercentilesOfWhatWasAdded() {
        Samples samples = new Samples();
        for (int i = 5000; i > 0; i--) {
            samples.add(i);
        }
        assertEquals(2500, samples.median());
        assertEquals(4950, samples.percentile(99));
        assertEquals(5000, samples.percentile(100));
        assertEquals(1, samples.percentile(0));
    }

    @Test
    void oneSampleIsEveryPercentile() {
        Samples samples = new Samples();
        samples.add(7);
        assertEquals(7, samples.median());
        assertEquals(7, samples.percentile(99));
    }

    @Test
    void refusesToMakeUpAnAnswer() {
        assertThrows(IllegalStateException.class, () -> new Samples().median());
    }
}
