package org.v4vgpu.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class RatioTest {
    @Test
    void isExactWithoutNoise() {
        Ratio ratio =
                Ratio.paired(Turns.ofMedians(List.of(600L, 600L, 600L)), Turns.ofMedians(List.of(200L, 200L, 200L)));
        assertEquals(new Ratio(3, 3 / 1.04, 3 * 1.04), ratio);
        assertEquals("3.00x [2.88, 3.12]", ratio.toString());
    }

    @Test
    void pairingCancelsWhatBothSuffer() {
        // A machine that gets slower and slower: each turn is twice as long over the other, whatever the time of day.
        List<Long> self = LongStream.range(1, 20).map(i -> i * 1000).boxed().toList();
        List<Long> other = self.stream().map(nanos -> 2 * nanos).toList();
        Ratio paired = Ratio.paired(Turns.ofMedians(other), Turns.ofMedians(self));
        Ratio independent = Ratio.independent(Turns.ofMedians(other), Turns.ofMedians(self));
        assertEquals(new Ratio(2, 2 / 1.04, 2 * 1.04), paired);
        assertTrue(independent.low() < 1.7 && independent.high() > 2.3, independent::toString);
    }

    /** What 95 % means: of many experiments whose ratio is known, about so many have it in their interval. */
    @Test
    void coversTheTruthAboutAsOftenAsItSays() {
        SplittableRandom random = new SplittableRandom(1);
        int covered = 0;
        int experiments = 200;
        for (int i = 0; i < experiments; i++) {
            Turns other = Turns.ofMedians(noisy(random, 3000));
            Turns self = Turns.ofMedians(noisy(random, 1000));
            Ratio ratio = Ratio.paired(other, self);
            assertTrue(ratio.low() <= ratio.value() && ratio.value() <= ratio.high(), ratio::toString);
            if (ratio.low() <= 3 && 3 <= ratio.high()) {
                covered++;
            }
        }
        assertTrue(covered > 0.88 * experiments, covered + " of " + experiments);
        assertTrue(covered < experiments, "an interval that always covers says nothing");
    }

    @Test
    void scalesRatesOfDifferentSizes() {
        assertEquals(new Ratio(1, 0.5, 1.5), new Ratio(2, 1, 3).scaled(0.5));
    }

    private static List<Long> noisy(SplittableRandom random, long median) {
        return random.doubles(15, 0.8, 1.2)
                .mapToObj(noise -> (long) (median * noise))
                .toList();
    }
}
