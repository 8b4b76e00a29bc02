package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.FormTrial.Part;

/** Times are given, in nanoseconds. */
class FormTrialTest {
    private static final LaunchShape SHAPE = new LaunchShape(1024, 1, 1, 256, 1, 1, 0);
    private static final int[] PARAMETERS = {1, 2};

    private final FormTrial trial = new FormTrial();

    /** Runs blocks one after the other and counts them by what they were. */
    private Map<Part, Integer> run(int blocks, LaunchShape shape, int[] parameters, long single, long strips) {
        Map<Part, Integer> found = new EnumMap<>(Part.class);
        for (int i = 0; i < blocks && !trial.isOver(); i++) {
            Part part = trial.next(shape, parameters);
            found.merge(part, 1, Integer::sum);
            assertFalse(trial.ran(part, part == Part.STRIPS ? strips : single));
        }
        return found;
    }

    @BeforeEach
    void makeTheSecondForm() {
        assertFalse(trial.ran(trial.next(SHAPE, PARAMETERS), 10_000_000));
        Part late = trial.next(SHAPE, PARAMETERS);
        assertTrue(trial.ran(trial.next(SHAPE, PARAMETERS), 1));
        assertFalse(trial.ran(late, 1_000_000_000), "asked for once");
        assertEquals(Part.NONE, trial.next(SHAPE, PARAMETERS), "while it is being made");
        trial.begin();
    }

    @Test
    void takesTheFormThatWinsABatch() {
        run(1000, SHAPE, PARAMETERS, 1000, 870);
        assertTrue(trial.isWon());
    }

    @Test
    void keepsTheFirstFormWhereTheSecondIsHardlyFaster() {
        Map<Part, Integer> parts = run(12_000, SHAPE, PARAMETERS, 1_000_000, 900_000);
        assertTrue(trial.isOver());
        assertFalse(trial.isWon());
        assertEquals(3334, parts.getOrDefault(Part.STRIPS, 0), "three seconds");
    }

    @Test
    void givesTheSecondFormAThirdOfTheTime() {
        Map<Part, Integer> parts = run(900, SHAPE, PARAMETERS, 1000, 4000);
        long inStrips = 4000L * parts.getOrDefault(Part.STRIPS, 0);
        assertEquals(400_000.0, (double) inStrips, 4000.0);
        assertFalse(trial.isOver());
    }

    /** The second launch has a hundredth to do: were it compared with the first, its strips would have won. */
    @Test
    void comparesBlocksOfOneLaunchOnly() {
        LaunchShape other = new LaunchShape(1024, 1, 1, 128, 1, 1, 0);
        int[] others = {1, 3};
        run(300, SHAPE, PARAMETERS, 100_000, 100_000);
        run(300, SHAPE, others, 1000, 1000);
        run(300, other, others, 10, 10);
        run(300, SHAPE, PARAMETERS.clone(), 100_000, 100_000);
        assertFalse(trial.isOver());
    }

    /** The second one has its batch when the first has run once; it then waits for the other's. */
    @Test
    void needsABatchOfEachForm() {
        run(40, SHAPE, PARAMETERS, 100_000, 1);
        assertFalse(trial.isOver());
        Map<Part, Integer> parts = run(1000, SHAPE, PARAMETERS, 100_000, 1);
        assertTrue(trial.isWon());
        assertEquals(Map.of(Part.SINGLE, 24), parts);
    }

    /** Nor with what was measured before the second form was there. */
    @Test
    void comparesWithBlocksOfTheTrialOnly() {
        for (int i = 0; i < 100; i++) {
            assertFalse(trial.ran(Part.EARLY, 1_000_000));
        }
        run(300, SHAPE, PARAMETERS, 1000, 1000);
        assertFalse(trial.isOver());
    }

    @Test
    void launchesOfTheSameCountTogether() {
        LaunchShape small = new LaunchShape(2, 1, 1, 32, 1, 1, 0);
        for (int i = 0; i < 50 && !trial.isOver(); i++) {
            run(2, small, PARAMETERS.clone(), 1000, 500);
        }
        assertTrue(trial.isWon());
    }

    /** Swapping pointers from launch to launch, with 32 blocks each. */
    @Test
    void smallGridsAreEnough() {
        LaunchShape small = new LaunchShape(32, 1, 1, 32, 1, 1, 0);
        for (int i = 0; i < 4 && !trial.isOver(); i++) {
            run(32, small, new int[] {i}, 1000, 500);
        }
        assertTrue(trial.isWon());
    }

    /** Two blocks, and parameters that change with every launch, as does what they have to do. */
    @Test
    void launchesThatAllDifferVote() {
        LaunchShape small = new LaunchShape(2, 1, 1, 32, 1, 1, 0);
        for (int i = 0; i < 200 && !trial.isOver(); i++) {
            long work = 1000 + 997L * i % 5000;
            run(2, small, new int[] {i}, work, work / 2);
        }
        assertTrue(trial.isWon());
    }

    @Test
    void launchesThatAllDifferAreNotEnoughWhereTheSecondFormIsSlower() {
        LaunchShape small = new LaunchShape(2, 1, 1, 32, 1, 1, 0);
        for (int i = 0; i < 300; i++) {
            long work = 1000 + 997L * i % 5000;
            run(2, small, new int[] {i}, work, i % 2 == 0 ? work / 2 : 2 * work);
        }
        assertFalse(trial.isOver());
    }

    @Test
    void launchesThatRunAtTheSameTimeDoNotMix() {
        Part inFirst = trial.next(SHAPE, PARAMETERS);
        int[] others = {7};
        assertEquals(Part.NONE, trial.next(SHAPE, others));
        trial.ran(inFirst, 1000);
        assertEquals(Part.SINGLE, trial.next(SHAPE, others), "its turn, while the strips' third is used up");
        assertEquals(Part.NONE, trial.next(SHAPE, PARAMETERS));
    }

    @Test
    void triesOneBlockUntilItsTimeIsKnown() {
        Part first = trial.next(SHAPE, PARAMETERS);
        assertEquals(Part.STRIPS, first);
        for (int i = 0; i < 100; i++) {
            Part part = trial.next(SHAPE, PARAMETERS);
            assertEquals(Part.SINGLE, part);
            trial.ran(part, 1000);
        }
        trial.ran(first, 10_000);
        Part second = trial.next(SHAPE, PARAMETERS);
        assertEquals(Part.STRIPS, second);
        for (int i = 1; i < 5; i++) {
            assertEquals(Part.STRIPS, trial.next(SHAPE, PARAMETERS), "what runs counts with the last one's time");
        }
        assertEquals(Part.SINGLE, trial.next(SHAPE, PARAMETERS), "until it has its third");
    }

    @Test
    void aBlockThatBreaksOffMakesWayForTheNext() {
        Part first = trial.next(SHAPE, PARAMETERS);
        assertEquals(Part.STRIPS, first);
        trial.broke(first);
        assertEquals(Part.STRIPS, trial.next(SHAPE, new int[] {7}));
    }
}
