package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Turns;

final class TraceTest {
    @Test
    void saysHowManyTimesAsLongATracedCallTakes() {
        assertEquals(
                List.of(
                        "call: takes 1.50x [1.44, 1.56] as long while it is traced",
                        "to device: takes 1.00x [0.96, 1.04] as long while it is traced"),
                new Trace()
                        .remarks(List.of(
                                result("call: " + Trace.UNTRACED, 2000),
                                result("call: " + Trace.TRACED, 3000),
                                result("call: device", 100),
                                result("to device: " + Trace.UNTRACED, 5000),
                                result("to device: " + Trace.TRACED, 5000))));
    }

    private static Result result(String kind, long nanos) {
        return Result.of("trace", kind, "v4v", 0, 1, Turns.ofMedians(List.of(nanos, nanos, nanos)), 0);
    }
}
