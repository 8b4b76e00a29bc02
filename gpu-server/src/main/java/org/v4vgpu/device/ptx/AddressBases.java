package org.v4vgpu.device.ptx;

import java.util.BitSet;

/**
 * The device addresses at which memories begin: those of live memories never overlap, and an address that was given back is used
 * again as late as can be, so that a stale pointer is illegal in another context. Safe for any thread.
 */
final class AddressBases {
    private static final long FIRST = 0x0200_0000_0000L;
    private static final long SLOT = 1L << 36;

    private final int slots;

    // Guarded by this.
    private final BitSet taken = new BitSet();
    private int next;

    AddressBases(int slots) {
        this.slots = slots;
    }

    /**
     * Takes a range of addresses.
     *
     * @throws IllegalStateException if live memories hold too much
     */
    synchronized long take(long bytes) {
        int needed = slots(bytes);
        int found = search(next, slots, needed);
        if (found < 0) {
            found = search(0, slots, needed);
        }
        if (found < 0) {
            throw new IllegalStateException("no device addresses left for " + bytes + " bytes");
        }
        taken.set(found, found + needed);
        next = found + needed;
        return FIRST + found * SLOT;
    }

    /** Gives back what {@code take(bytes)} answered. */
    synchronized void giveBack(long base, long bytes) {
        int slot = (int) ((base - FIRST) / SLOT);
        taken.clear(slot, slot + slots(bytes));
    }

    private int search(int from, int to, int needed) {
        int start = taken.nextClearBit(from);
        while (start + needed <= to) {
            int end = taken.nextSetBit(start);
            if (end < 0 || end >= start + needed) {
                return start;
            }
            start = taken.nextClearBit(end);
        }
        return -1;
    }

    private static int slots(long bytes) {
        return (int) ((bytes + SLOT - 1) / SLOT);
    }
}
