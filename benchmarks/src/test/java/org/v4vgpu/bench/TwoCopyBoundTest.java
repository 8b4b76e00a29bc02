package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.bench.result.Samples;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TwoCopyBoundTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 64 << 10, (9 << 20) + 5})
    void movesEveryByte(long bytes) {
        try (Arena arena = Arena.ofShared();
                TwoCopyBound bound = new TwoCopyBound()) {
            MemorySegment source = arena.allocate(bytes);
            for (long i = 0; i < bytes; i++) {
                source.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + i / 251));
            }
            MemorySegment destination = arena.allocate(bytes);
            Samples samples = bound.takeTurn(source, destination, 3, 2);
            assertEquals(-1, source.mismatch(destination));
            assertEquals(2, samples.count());
            assertTrue(samples.median() > 0);
        }
    }
}
