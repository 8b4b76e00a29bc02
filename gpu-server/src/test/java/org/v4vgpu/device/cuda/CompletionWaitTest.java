package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;

/** How long who waits for a GPU sleeps between two looks. */
final class CompletionWaitTest {
    @Test
    void sleepsForASmallPartOfWhatItHasWaited() {
        assertEquals(20_000, CompletionWait.sleepNanos(0));
        assertEquals(50_000, CompletionWait.sleepNanos(800_000));
        assertEquals(1_000_000, CompletionWait.sleepNanos(60_000_000_000L));
    }

    @Test
    void looksUntilTheConditionHoldsOrTimeIsUp() throws DeviceException {
        AtomicInteger looks = new AtomicInteger();
        assertTrue(CompletionWait.until(() -> looks.incrementAndGet() == 3000, Long.MAX_VALUE));
        assertEquals(3000, looks.get());
        assertFalse(CompletionWait.until(() -> false, 0));
        assertFalse(CompletionWait.until(() -> false, 2_000_000));
    }
}
