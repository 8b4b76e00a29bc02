package org.v4vgpu.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ComparisonTest {
    private static final double TOLERANCE = 0.1;

    @Test
    void namesWhatGotSlowerBeyondTheNoise() {
        Comparison comparison = Comparison.of(
                run(result("v4v", 1000, 1010, 990, 1000), result("tcp", 5000, 5010, 4990, 5000)),
                run(result("v4v", 2000, 2010, 1990, 2000), result("tcp", 5000, 5010, 4990, 5000)),
                TOLERANCE);
        assertEquals(2, comparison.compared());
        assertEquals(
                List.of("pingpong 64 over v4v: 2.00 us, was 1.00 us; takes 2.00x [1.98, 2.02] as long"),
                comparison.slower());
        assertTrue(
                comparison
                        .format()
                        .contains("of 2 figures 1 got slower or allocate more, and 0 got faster, beyond the noise"),
                comparison::format);
    }

    @Test
    void letsPassWhatIsWithinTheNoiseOfTheTurns() {
        Comparison comparison = Comparison.of(
                run(result("v4v", 1000, 1900, 950, 1800)), run(result("v4v", 1700, 1000, 1900, 1850)), TOLERANCE);
        assertEquals(List.of(), comparison.slower());
    }

    @Test
    void letsPassWhatIsWithinTheTolerance() {
        Comparison comparison =
                Comparison.of(run(result("v4v", 1000, 1000, 1000)), run(result("v4v", 1050, 1050, 1050)), TOLERANCE);
        assertEquals(List.of(), comparison.slower());
        assertEquals(0, comparison.faster());
    }

    @Test
    void countsWhatGotFasterAndIgnoresWhatOnlyOneRunHas() {
        Comparison comparison = Comparison.of(
                run(result("v4v", 2000, 2000, 2000)),
                run(result("v4v", 1000, 1000, 1000), result("uds", 9000, 9000, 9000)),
                TOLERANCE);
        assertEquals(1, comparison.compared());
        assertEquals(1, comparison.faster());
        assertEquals(List.of(), comparison.slower());
    }

    @Test
    void namesWhatAllocatesMoreThanTheToleranceLetsPass() {
        assertEquals(
                List.of("pingpong 64 over v4v: 120.0 heap bytes, was 100.0"),
                Comparison.of(run(allocating(100)), run(allocating(120)), TOLERANCE)
                        .slower());
        for (List<Result> pair : List.of(
                List.of(allocating(100), allocating(109)),
                List.of(allocating(0), allocating(0.5)),
                List.of(allocating(Result.NOT_COUNTED), allocating(120)),
                List.of(allocating(100), allocating(Result.NOT_COUNTED)))) {
            Comparison comparison = Comparison.of(run(pair.getFirst()), run(pair.getLast()), TOLERANCE);
            assertEquals(List.of(), comparison.slower());
        }
    }

    @Test
    void comparesNoTimesOfFewerThanThreeTurnsAndSaysHowMany() {
        Comparison comparison = Comparison.of(
                run(result("v4v", 1000), result("uds", 1000, 1000, 1000), result("tcp", 1000, 1000, 1000)),
                run(result("v4v", 9000), result("uds", 9000, 9000), result("tcp", 9000, 9000, 9000)),
                TOLERANCE);
        assertEquals(1, comparison.compared());
        assertEquals(2, comparison.tooFewTurns());
        assertEquals(
                List.of("pingpong 64 over tcp: 9.00 us, was 1.00 us; takes 9.00x [9.00, 9.00] as long"),
                comparison.slower());
        assertTrue(
                comparison.format().contains("the times of 2 further figures are not compared: fewer than 3 turns"),
                comparison::format);
    }

    @Test
    void countsTheRatiosToTcpThatAgreeThoughAllGotSlower() {
        Result tcp = result("tcp", 3000, 3100, 2900);
        Result bridge = result("tcp-bridge", 9000, 9100, 8900);
        Comparison comparison = Comparison.of(
                run(result("v4v", 1000, 1010, 990), result("uds", 2000, 2010, 1990), tcp, bridge),
                run(
                        result("v4v", 2000, 2020, 1980),
                        result("uds", 2000, 2010, 1990),
                        result("tcp", 6000, 6100, 5900),
                        bridge),
                TOLERANCE);
        // v4v to tcp: 3 and 3; uds to tcp: 1.5 and 3; v4v to the bridge: 9 and 4.5; uds to it: 4.5 and 4.5; tcp to it:
        // 3 and 1.5;
        // the bridge to tcp: a third and two thirds
        assertEquals(6, comparison.ratios());
        assertEquals(2, comparison.agreeing());
        assertTrue(
                comparison
                        .format()
                        .contains("2 of 6 ratios to TCP, over the bridge too, agree: their intervals overlap"),
                comparison::format);
    }

    @Test
    void holdsNoRatiosOfFewTurnsAgainstEachOther() {
        Run run = run(result("v4v", 1000, 1000), result("tcp", 3000, 3000, 3000));
        assertEquals(0, Comparison.of(run, run, TOLERANCE).ratios());
    }

    @Test
    void saysWhenTheMachineOrTheWayToMeasureIsAnother() {
        Comparison comparison = Comparison.of(
                new Run(Map.of("cpus", 2, "placement", "by the kernel", "repetitions", "quick"), List.of(), List.of()),
                new Run(Map.of("cpus", 4, "placement", "by the kernel", "repetitions", "full"), List.of(), List.of()),
                TOLERANCE);
        assertEquals(
                List.of("not the same cpus: 2 then, 4 now", "not the same repetitions: quick then, full now"),
                comparison.differences());
    }

    private static Run run(Result... results) {
        return new Run(Map.of("cpus", 4), List.of(), List.of(results));
    }

    private static Result allocating(double bytes) {
        Turns turns = Turns.ofMedians(List.of(1000L, 1000L, 1000L));
        return new Result("pingpong", "", "v4v", 64, 1, 1000, 1000, 0, bytes, Result.NOT_COUNTED, turns);
    }

    private static Result result(String transport, long... medians) {
        Turns turns = Turns.ofMedians(java.util.Arrays.stream(medians).boxed().toList());
        return Result.ofTransfer("pingpong", "", transport, 64, turns);
    }
}
