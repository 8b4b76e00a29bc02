package org.v4vgpu.bench.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Turns;

/** What is left of the native speed. */
final class NativeRatiosTest {
    private static final long BYTES = 1 << 20;

    @Test
    void saysWhatIsLeftAndWhatIsMissing() {
        List<Result> results = List.of(
                copy("htod pinned", KitBundle.NATIVE, 95_000),
                copy("htod pinned", "v4v", 100_000),
                copy("dtoh pinned", KitBundle.NATIVE, 50_000),
                copy("dtoh pinned", "tcp", 200_000));
        List<String> lines = NativeRatios.format(results).lines().toList();
        assertEquals(3, lines.size());
        assertTrue(lines.get(1).contains("95.00"), lines.get(1));
        assertTrue(lines.get(1).contains("95.0 %"), lines.get(1));
        assertTrue(lines.get(1).endsWith("-"), "nothing over TCP: " + lines.get(1));
        assertTrue(lines.get(2).endsWith("25.0 %"), lines.get(2));
    }

    private static Result copy(String kind, String transport, long nanos) {
        return Result.ofTransfer("memcpy", kind, transport, BYTES, Turns.ofMedians(List.of(nanos)));
    }
}
