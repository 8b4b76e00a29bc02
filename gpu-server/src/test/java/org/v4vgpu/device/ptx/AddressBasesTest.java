package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class AddressBasesTest {
    private static final long SLOT = 1L << 36;

    private final AddressBases bases = new AddressBases(4);

    @Test
    void rangesDoNotOverlap() {
        long first = bases.take(2 * SLOT + 1);
        long second = bases.take(SLOT);
        assertEquals(first + 3 * SLOT, second);
        assertThrows(IllegalStateException.class, () -> bases.take(1));
        bases.giveBack(first, 2 * SLOT + 1);
        assertThrows(IllegalStateException.class, () -> bases.take(4 * SLOT));
        assertEquals(first, bases.take(3 * SLOT));
    }

    @Test
    void rangesAreUsedAgainLate() {
        long before = bases.take(1);
        for (int i = 0; i < 10; i++) {
            bases.giveBack(before, 1);
            long now = bases.take(1);
            assertNotEquals(before, now);
            before = now;
        }
    }
}
