package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

final class InterleavingTest {
    @Test
    void contendersTakeTurnsAndTheFirstRoundDoesNotCount() throws IOException {
        List<String> order = new ArrayList<>();
        Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
        for (String name : List.of("a", "b")) {
            contenders.put(name, _ -> {
                order.add(name);
                Samples samples = new Samples();
                samples.add(order.size());
                return samples;
            });
        }
        Interleaving plan = Interleaving.of(2, 0, 0, 1);
        try (Progress progress = new Progress("test", "", System.nanoTime() + 1_000_000_000_000L)) {
            Map<String, Turns> turns = plan.run(contenders, new Compilers(List.of()), progress);
            assertEquals(List.of("a", "b", "a", "b", "a", "b"), order);
            assertEquals(List.of("a", "b"), List.copyOf(turns.keySet()));
            assertEquals(List.of(3L, 5L), turns.getOrDefault("a", new Turns()).medians());
            assertEquals(List.of(4L, 6L), turns.getOrDefault("b", new Turns()).medians());
        }
        assertEquals(4, plan.steps(2));
    }

    @Test
    void takesThreeTurnsWhereTheTimeIsOver() throws IOException {
        Interleaving plan = Interleaving.of(50, 0, 0, 0);
        try (Progress progress = new Progress("test", "", System.nanoTime() - 1)) {
            progress.expect(2 * plan.steps(1));
            Map<String, Turns> turns = plan.run(Map.of("a", InterleavingTest::one), new Compilers(List.of()), progress);
            assertEquals(3, turns.getOrDefault("a", new Turns()).count());
        }
    }

    /** What more turns would take is not what compiling took. */
    @Test
    void tellsHowLongTheTurnsThatCountTook() throws IOException {
        AtomicInteger turns = new AtomicInteger();
        Map<String, Interleaving.Contender> contenders = Map.of("a", plan -> {
            Settling.by(TimeUnit.MILLISECONDS.toNanos(turns.getAndIncrement() == 0 ? 100 : 2), () -> {});
            return one(plan);
        });
        long begin = System.nanoTime();
        try (Progress progress = new Progress("test", "", begin + 1_000_000_000_000L)) {
            Interleaving.Taken taken =
                    Interleaving.of(3, 0, 0, 1).runTimed(contenders, new Compilers(List.of()), progress);
            long all = System.nanoTime() - begin;
            assertEquals(4, turns.get());
            assertEquals(3, taken.rounds());
            assertTrue(taken.nanos() >= TimeUnit.MILLISECONDS.toNanos(6), () -> "" + taken.nanos());
            assertTrue(taken.nanos() <= all - TimeUnit.MILLISECONDS.toNanos(100), () -> taken.nanos() + " of " + all);
        }
    }

    @Test
    void sharesTheTimeAmongTheStepsThatAreLeft() {
        long hour = 3_600_000_000_000L;
        try (Progress progress = new Progress("test", "", System.nanoTime() + hour)) {
            progress.expect(10);
            assertEquals(0.5, progress.allowedNanos(5) / (double) hour, 0.01);
            progress.skip(5);
            assertEquals(1, progress.allowedNanos(5) / (double) hour, 0.01);
            assertEquals(1, progress.allowedNanos(50) / (double) hour, 0.01);
        }
    }

    private static Samples one(Interleaving plan) {
        Samples samples = new Samples();
        samples.add(plan.turns());
        return samples;
    }

    @Test
    void fillsATurnWithinLimits() {
        Interleaving plan = Interleaving.of(1, 0, 10, 0);
        assertEquals(100, plan.repetitions(100_000, 1, 1000));
        assertEquals(1000, plan.repetitions(1, 1, 1000));
        assertEquals(5, plan.repetitions(1_000_000_000, 5, 1000));
    }
}
