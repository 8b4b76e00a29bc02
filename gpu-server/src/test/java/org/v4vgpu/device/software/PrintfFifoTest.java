package org.v4vgpu.device.software;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DevicePrintout;
import org.v4vgpu.device.ptx.runtime.HeapBudget;

/** What a context's buffer of printf keeps, and what it drops. */
final class PrintfFifoTest {
    private final HeapBudget budget = new HeapBudget(1 << 20);
    private final PrintfFifo fifo = new PrintfFifo(budget);

    @Test
    void givesWhatWasPrintedOnceAndInOrder() {
        fifo.append("a 1").append("b 2");
        try (DevicePrintout printout = fifo.printout()) {
            assertFalse(printout.isEmpty());
            assertEquals("a 1b 2", text(printout.take(100)));
            assertTrue(printout.isEmpty());
            assertEquals("", text(printout.take(100)));
        }
        assertTrue(fifo.printout().isEmpty());
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void aPrintoutEndsWhereItWasMade() {
        fifo.append("before");
        DevicePrintout printout = fifo.printout();
        fifo.append("after");
        assertEquals("before", text(printout.take(100)));
        assertTrue(printout.isEmpty());
        assertEquals("after", text(fifo.printout().take(100)));
    }

    @Test
    void callsStayWholeUnlessOneAloneIsTooLong() {
        fifo.append("1234").append("567").append("890123456789");
        DevicePrintout printout = fifo.printout();
        assertEquals("1234", text(printout.take(6)));
        assertEquals("567", text(printout.take(6)));
        assertEquals("890123", text(printout.take(6)));
        assertEquals("456789", text(printout.take(6)));
        assertTrue(printout.isEmpty());
        assertEquals(0, budget.usedBytes());
    }

    @Test
    void theOldestGoesWhenTheLimitIsReached() {
        fifo.limit(10L * (10 + PrintfFifo.RECORD_BYTES));
        for (int i = 0; i < 1000; i++) {
            fifo.append(String.format("%09d|", i));
        }
        DevicePrintout printout = fifo.printout();
        String text = text(printout.take(1 << 20));
        assertEquals(100, text.length());
        assertTrue(text.startsWith("000000990|") && text.endsWith("000000999|"), text);
        fifo.append("x".repeat(1000));
        assertTrue(fifo.printout().isEmpty(), "longer than the whole buffer");
        fifo.append("small");
        assertEquals("small", text(fifo.printout().take(100)));
    }

    @Test
    void aSmallerLimitDropsAtOnce() {
        fifo.append("x".repeat(1000)).append("last");
        fifo.limit(500);
        assertEquals("last", text(fifo.printout().take(1 << 20)));
    }

    /** What was overwritten meanwhile is neither in the printout nor a hole in it. */
    @Test
    void aPrintoutThatIsOverwrittenIsEmpty() {
        fifo.limit(4 * (10 + PrintfFifo.RECORD_BYTES));
        fifo.append("0123456789").append("0123456789");
        DevicePrintout printout = fifo.printout();
        for (int i = 0; i < 4; i++) {
            fifo.append("9876543210");
        }
        assertTrue(printout.isEmpty());
        assertEquals("", text(printout.take(100)));
        assertEquals(40, fifo.printout().take(100).length);
    }

    @Test
    void allContextsShareABudget() {
        PrintfFifo other = new PrintfFifo(budget);
        other.limit(1 << 30);
        for (int i = 0; i < 300; i++) {
            other.append("y".repeat(10_000));
        }
        assertTrue(budget.usedBytes() <= budget.mostBytes());
        for (int i = 0; i < 300; i++) {
            fifo.append("z".repeat(10_000));
        }
        assertTrue(budget.usedBytes() <= budget.mostBytes());
        other.close();
        fifo.append("z".repeat(10_000));
        assertEquals(10_000, fifo.printout().take(1 << 20).length);
        assertTrue(budget.usedBytes() == 0);
    }

    @Test
    void aClosedContextsTextStaysForWhoHasAskedForIt() {
        fifo.append("the end");
        DevicePrintout printout = fifo.printout();
        fifo.close();
        fifo.append("never");
        assertEquals("the e", text(printout.take(5)));
        assertTrue(budget.usedBytes() > 0);
        printout.close();
        printout.close();
        assertEquals(0, budget.usedBytes());
        assertTrue(printout.isEmpty());
    }

    @Test
    void closingDropsWhatNobodyAskedFor() {
        fifo.append("unheard");
        fifo.close();
        assertEquals(0, budget.usedBytes());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }
}
