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
            TwoCopyBound.Case measured = bound.of(source, destination);
            measured.takeTurn(2, true);
            assertEquals(-1, source.mismatch(destination));
            assertTrue(measured.best().median() > 0);
        }
    }
}
