package org.v4vgpu.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SamplesTest {
    @Test
    void givesPercentilesOfWhatWasAdded() {
        Samples samples = new Samples();
        for (int i = 5000; i > 0; i--) {
            samples.add(i);
        }
        assertEquals(2500, samples.median());
        assertEquals(4950, Samples.percentile(samples.toArray(), 99));
        assertEquals(5000, Samples.percentile(samples.toArray(), 100));
        assertEquals(1, Samples.percentile(samples.toArray(), 0));
        assertEquals(5000, samples.toArray()[0], "in the order in which they came");
    }

    @Test
    void oneSampleIsEveryPercentile() {
        assertEquals(7, Samples.percentile(new long[] {7}, 50));
        assertEquals(7, Samples.percentile(new long[] {7}, 99));
    }

    @Test
    void refusesToMakeUpAnAnswer() {
        assertThrows(IllegalStateException.class, () -> new Samples().median());
        assertThrows(IllegalStateException.class, () -> new Turns().percentile(50));
    }

    @Test
    void turnsKeepTheirMediansAndAllSamples() {
        Turns turns = new Turns();
        for (int turn = 1; turn <= 3; turn++) {
            Samples samples = new Samples();
            for (int i = -1; i <= 1; i++) {
                samples.add(100L * turn + i);
            }
            turns.add(samples);
        }
        assertEquals(List.of(100L, 200L, 300L), turns.medians());
        assertEquals(3, turns.samples().size());
        assertEquals(301, turns.percentile(99));
    }
}
