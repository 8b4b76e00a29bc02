package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.ptx.runtime.FormTrial.Part;

/** Times are given, in nanoseconds. */
class FormTrialTest {
    private final FormTrial trial = new FormTrial();

    /** Runs blocks one after the other and counts them by what they were. */
    private Map<Part, Integer> run(int blocks, IntToLongFunction single, IntToLongFunction strips) {
        Map<Part, Integer> found = new EnumMap<>(Part.class);
        for (int i = 0; i < blocks && !trial.isOver(); i++) {
            Part part = trial.next();
            found.merge(part, 1, Integer::sum);
            assertFalse(trial.ran(part, (part == Part.STRIPS ? strips : single).applyAsLong(i)));
        }
        return found;
    }

    private Map<Part, Integer> run(int blocks, long single, long strips) {
        return run(blocks, _ -> single, _ -> strips);
    }

    @BeforeEach
    void makeTheSecondForm() {
        assertFalse(trial.ran(trial.next(), 10_000_000));
        Part late = trial.next();
        assertTrue(trial.ran(trial.next(), 1));
        assertFalse(trial.ran(late, 1_000_000_000), "asked for once");
        assertEquals(Part.NONE, trial.next(), "while it is being made");
        trial.begin();
    }

    @Test
    void takesTheFormThatIsFaster() {
        Map<Part, Integer> parts = run(1000, 1000, 870);
        assertTrue(trial.isWon());
        assertTrue(parts.getOrDefault(Part.SINGLE, 0) < 100, parts.toString());
    }

    @Test
    void keepsTheFirstFormWhereTheSecondIsHardlyFaster() {
        Map<Part, Integer> parts = run(12_000, 1_000_000, 900_000);
        assertTrue(trial.isOver());
        assertFalse(trial.isWon());
        assertEquals(3334, parts.getOrDefault(Part.STRIPS, 0), "three seconds");
    }

    @Test
    void givesTheSecondFormAThirdOfTheTime() {
        Map<Part, Integer> parts = run(900, 1000, 4000);
        long inStrips = 4000L * parts.getOrDefault(Part.STRIPS, 0);
        assertEquals(400_000.0, (double) inStrips, 20_000.0);
        assertFalse(trial.isOver());
    }

    /** Blocks that differ by a hundred times, as those of a picture do; every tenth is interrupted. */
    @Test
    void blocksNeedNotHaveTheSameToDo() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            FormTrial each = new FormTrial();
            each.ran(each.next(), 20_000_000);
            each.begin();
            boolean wins = seed % 2 == 0;
            for (int i = 0; i < 20_000 && !each.isOver(); i++) {
                long work = (long) (1000 * Math.pow(100, random.nextDouble()));
                work += random.nextInt(10) == 0 ? 4_000_000 : 0;
                Part part = each.next();
                each.ran(part, part == Part.STRIPS && wins ? work / 2 : work);
            }
            assertEquals(wins, each.isWon(), "seed " + seed);
        }
    }

    /** The second launch has a hundredth to do: nothing of the first is held against it. */
    @Test
    void whatChangesForBothTellsNothing() {
        run(4000, i -> i / 300 % 2 == 0 ? 100_000 : 1000, i -> i / 300 % 2 == 0 ? 100_000 : 1000);
        assertFalse(trial.isOver());
    }

    /** What the JVM has not compiled yet takes longer. */
    @Test
    void theSecondFormGetsFaster() {
        run(5000, _ -> 100_000, i -> Math.max(20_000, 3_000_000 - 1000L * i));
        assertTrue(trial.isWon());
    }

    /** Nor with what was measured before the second form was there. */
    @Test
    void comparesWithBlocksOfTheTrialOnly() {
        for (int i = 0; i < 100; i++) {
            assertFalse(trial.ran(Part.EARLY, 1_000_000));
        }
        run(300, 1000, 1000);
        assertFalse(trial.isOver());
    }

    @Test
    void aVerdictIsReviewedWhenItIsOld() {
        run(1000, 1000, 500);
        assertTrue(trial.isWon());
        trial.review(System.nanoTime());
        assertTrue(trial.isOver());
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        assertFalse(trial.isOver());
        run(1000, 1000, 2000);
        assertTrue(trial.isOver());
        assertFalse(trial.isWon());
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        Map<Part, Integer> parts = run(1000, 1000, 1000);
        assertTrue(trial.isOver());
        assertFalse(trial.isWon(), "nothing else was found");
        assertEquals(FormSamples.MOST, parts.values().stream().mapToInt(n -> n).sum());
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        run(1000, 1000, 500);
        assertTrue(trial.isWon());
    }

    @Test
    void aDecisionIsNotReviewed() {
        trial.decide(true);
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        assertTrue(trial.isOver());
    }

    @Test
    void triesOneBlockUntilItsTimeIsKnown() {
        Part first = trial.next();
        assertEquals(Part.STRIPS, first);
        for (int i = 0; i < 100; i++) {
            Part part = trial.next();
            assertEquals(Part.SINGLE, part);
            trial.ran(part, 1000);
        }
        trial.ran(first, 10_000);
        int inStrips = 0;
        for (int i = 0; i < 100; i++) {
            inStrips += trial.next() == Part.STRIPS ? 1 : 0;
        }
        assertEquals(5, inStrips, "what runs counts with the last one's time");
    }

    @Test
    void aBlockThatBreaksOffMakesWayForTheNext() {
        Part first = trial.next();
        assertEquals(Part.STRIPS, first);
        trial.broke(first);
        assertEquals(Part.STRIPS, trial.next());
    }
}
