package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class TimePlanTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong clock = new AtomicLong();

    /** What the README promises, with some seconds for what is not measuring. */
    @Test
    void allExperimentsEndInTheTimeThatIsPromised() {
        assertTrue(
                TimePlan.promisedSeconds(Effort.FULL) <= 19 * 60 + 30,
                () -> "" + TimePlan.promisedSeconds(Effort.FULL));
        assertTrue(TimePlan.promisedSeconds(Effort.QUICK) <= 170, () -> "" + TimePlan.promisedSeconds(Effort.QUICK));
    }

    @Test
    void eachGetsItsShareWhereAllKeepTheirs() {
        TimePlan plan = plan(Effort.FULL, 0);
        for (Experiment experiment : Experiments.ALL) {
            long end = plan.begin(experiment);
            assertTrue(end > clock.get(), experiment.name());
            clock.set(end);
        }
        assertEquals((double) TimePlan.promisedSeconds(Effort.FULL), clock.get() / (double) SECOND, 1e-3);
    }

    @Test
    void whatOneLeavesTheOthersHave() {
        TimePlan quicker = plan(Effort.FULL, 0);
        quicker.begin(Experiments.ALL.getFirst()); // over in no time
        long more = quicker.begin(Experiments.ALL.get(1));
        TimePlan inTime = plan(Effort.FULL, 0);
        clock.set(inTime.begin(Experiments.ALL.getFirst()));
        long share = inTime.begin(Experiments.ALL.get(1)) - clock.get();
        assertTrue(more > share, more + " after an experiment that took nothing, " + share + " else");
    }

    @Test
    void whoTakesLongerTakesItFromTheOthersButNotFromTheSoak() {
        TimePlan plan = plan(Effort.FULL, 0);
        clock.set(100 * 60 * SECOND);
        for (Experiment experiment : Experiments.ALL) {
            long left = plan.begin(experiment) - clock.get();
            assertTrue(left >= 0, experiment.name());
            assertEquals(0, left, experiment.name());
        }
    }

    @Test
    void aSoakOfAnotherLengthMovesTheEnd() {
        plan(Effort.FULL, 0);
        TimePlan longer = plan(Effort.FULL, 3600 * SECOND);
        longer.begin(Experiments.ALL.getFirst());
        assertTrue(longer.standing().startsWith("1 of 13, about 7"), longer::standing);
    }

    @Test
    void saysHowMuchIsLeft() {
        TimePlan plan = plan(Effort.FULL, 0);
        plan.begin(Experiments.ALL.getFirst());
        clock.set((TimePlan.promisedSeconds(Effort.FULL) - 95) * SECOND);
        assertEquals("1 of 13, about 1.5 min left", plan.standing());
        clock.set(TimePlan.promisedSeconds(Effort.FULL) * SECOND);
        assertEquals("1 of 13, about 0.5 min left", plan.standing());
    }

    @Test
    void keepsTheOrder() {
        TimePlan plan = plan(Effort.QUICK, 0);
        assertThrows(IllegalStateException.class, () -> plan.begin(Experiments.ALL.getLast()));
    }

    private TimePlan plan(Effort effort, long soakNanos) {
        clock.set(0);
        return new TimePlan(List.copyOf(Experiments.ALL), effort, soakNanos, clock::get);
    }
}
