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
        assertFalse(trial.ran(late, 1000), "asked for once");
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

    /** What is interpreted first, and then as slow as seventeen of the first form's blocks. */
    @Test
    void aSlowFormCostsItsShare() {
        long slowest = 100_000_000;
        long total = 10_001_001;
        long inStrips = 0;
        int tried = 0;
        while (!trial.isOver()) {
            Part part = trial.next();
            long nanos = part == Part.SINGLE ? 1_000_000 : tried++ < 5 ? slowest : 17_000_000;
            trial.ran(part, nanos);
            total += nanos;
            inStrips += part == Part.STRIPS ? nanos : 0;
            long most = FormAllowance.FREE_NANOS + total / FormAllowance.SHARE;
            assertTrue(inStrips <= (tried == 1 ? most + slowest : most), inStrips + " of " + total);
        }
        assertFalse(trial.isWon());
        assertTrue(inStrips > 3_000_000_000L, "it had its chance");
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        Map<Part, Integer> parts = run(1000, 1_000_000, 17_000_000);
        assertTrue(trial.isOver());
        assertFalse(trial.isWon());
        requireShare(17_000_000L * parts.getOrDefault(Part.STRIPS, 0), 1_000_000L * parts.getOrDefault(Part.SINGLE, 0));
    }

    /** Its first blocks are interpreted; when it is compiled it shows at once. */
    @Test
    void findsThatAFormHasBeenCompiled() {
        int tried = 0;
        int compiled = 0;
        for (int i = 0; i < 100_000 && !trial.isOver(); i++) {
            Part part = trial.next();
            tried += part == Part.STRIPS ? 1 : 0;
            compiled += tried > 200 ? 1 : 0;
            trial.ran(part, part == Part.SINGLE ? 100_000 : tried <= 200 ? 3_000_000 : 20_000);
        }
        assertTrue(trial.isWon());
        assertTrue(compiled < 2 * FormSamples.MOST, compiled + " blocks");
    }

    /** Every other block has fifty times as much to do as its neighbours. */
    @Test
    void noiseThatAlternatesTellsNothing() {
        IntToLongFunction noise = i -> i % 2 == 0 ? 10_000 : 500_000;
        run(4000, noise, noise);
        assertFalse(trial.isOver());
        long before = FormAllowance.FREE_NANOS + 4000 * 255_000L / FormAllowance.SHARE;
        Map<Part, Integer> parts = run(4000, noise, i -> 17 * noise.applyAsLong(i));
        assertFalse(trial.isOver());
        double spent = 17 * 255_000.0 * parts.getOrDefault(Part.STRIPS, 0);
        assertTrue(spent < 2 * (before + 4000 * 255_000.0 / FormAllowance.SHARE), parts.toString());
        run(20_000, noise, i -> noise.applyAsLong(i) / 3);
        assertTrue(trial.isWon());
    }

    /** A grid of one block that takes long: nobody knows how long it takes in the second form, before it has been compiled. */
    @Test
    void longBlocksAreTriedLater() {
        long single = 50_000_000;
        int before = 0; // Of what has run by then, 10 ms were before the trial.
        while (trial.next() == Part.SINGLE) {
            trial.ran(Part.SINGLE, single);
            before++;
        }
        long guess = FormAllowance.GUESS * single - FormAllowance.FREE_NANOS;
        assertEquals((double) FormAllowance.SHARE * guess / single, before, 1);
    }

    /** Which is no reason to go back to it for long. */
    @Test
    void aReviewCostsAsLittle() {
        run(1000, 1_000_000, 100_000);
        assertTrue(trial.isWon());
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        Map<Part, Integer> parts = run(1000, 30_000_000, 100_000);
        assertTrue(trial.isWon());
        int slow = parts.getOrDefault(Part.SINGLE, 0) - 1; // It was faster when it was tried before.
        requireShare(30_000_000L * slow, 100_000L * parts.getOrDefault(Part.STRIPS, 0));
    }

    private static void requireShare(long slow, long fast) {
        long most = FormAllowance.FREE_NANOS + (slow + fast) / FormAllowance.SHARE;
        assertTrue(slow <= most, slow + " ns in the slow form, more than " + most);
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

    /** Code that has come upon something new is interpreted again. */
    @Test
    void aFormThatHasLostItsCodeIsReviewed() {
        assertFalse(trial.isSettled());
        run(1000, 1000, 500);
        assertTrue(trial.isWon() && trial.isSettled());
        long now = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            trial.look(i % 4 == 0 ? 500 : 100_000, now); // Some blocks are interrupted.
        }
        assertTrue(trial.isOver());
        for (int i = 0; i < 4; i++) {
            trial.look(100_000, now);
        }
        assertFalse(trial.isSettled());
        Map<Part, Integer> parts = run(1000, 1000, 100_000);
        assertFalse(trial.isOver(), "it may be compiled again");
        requireShare(100_000L * parts.getOrDefault(Part.STRIPS, 0), 1000L * parts.getOrDefault(Part.SINGLE, 0));
        run(1000, 1000, 500);
        assertTrue(trial.isOver());
        assertTrue(trial.isWon());
    }

    @Test
    void aKernelThatHasNotRunIsSettled() {
        assertTrue(new FormTrial().isSettled());
    }

    @Test
    void aDecisionIsNotReviewed() {
        trial.decide(true);
        trial.review(System.nanoTime() + FormTrial.VERDICT_NANOS);
        assertTrue(trial.isOver());
    }

    @Test
    void triesOneBlockUntilItsTimeIsKnown() {
        assertEquals(Part.SINGLE, trial.next());
        trial.ran(Part.SINGLE, 1000);
        Part first = trial.next();
        assertEquals(Part.STRIPS, first);
        for (int i = 0; i < 100; i++) {
            Part part = trial.next();
            assertEquals(Part.SINGLE, part);
            trial.ran(part, 1000);
        }
        trial.ran(first, 4_000_000);
        int inStrips = 0;
        for (int i = 0; i < 100; i++) {
            inStrips += trial.next() == Part.STRIPS ? 1 : 0;
        }
        long total = 10_001_001 + 101 * 1000 + 4_000_000;
        long allowed = FormAllowance.FREE_NANOS + total / FormAllowance.SHARE - 4_000_000;
        assertEquals(allowed / 4_000_000, inStrips, "what runs counts as well");
    }

    @Test
    void aBlockThatBreaksOffMakesWayForTheNext() {
        trial.ran(trial.next(), 1000);
        Part first = trial.next();
        assertEquals(Part.STRIPS, first);
        assertEquals(Part.SINGLE, trial.next());
        trial.broke(first);
        assertEquals(Part.STRIPS, trial.next());
    }
}
