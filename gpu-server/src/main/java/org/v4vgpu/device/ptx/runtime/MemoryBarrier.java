package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/**
 * mbarrier objects: 64 bits of shared memory that count arrivals and outstanding bytes. A block runs on one thread, so that nothing
 * here is atomic. Source: PTX ISA 9.7.13.15.
 *
 * <pre>
 *   bit   0 .. 19  arrivals that the phase still waits for
 *   bit  20 .. 39  arrivals that a phase takes
 *   bit  40 .. 60  bytes that the phase still waits for, signed
 *   bit  63        the phase's parity
 * </pre>
 */
public final class MemoryBarrier {
    private static final int COUNT_BITS = 20;
    private static final int COUNT = (1 << COUNT_BITS) - 1;
    private static final int BYTES_SHIFT = 40;
    private static final int BYTES_BITS = 21;

    private MemoryBarrier() {}

    /** The word at an address of shared memory. */
    public static int index(int address) {
        if ((address & 7) != 0) {
            throw KernelFault.misaligned(address, 8);
        }
        return address >> 2;
    }

    public static void initialize(int[] words, int index, int count) {
        if (count < 1 || count > COUNT) {
            throw fault("mbarrier.init: a count of " + count + " is not in 1 .. " + COUNT);
        }
        WordAccess.putLong(words, index, state(0, count, count, 0));
    }

    /**
     * Takes part in the phase and answers the state before.
     *
     * @param drop 1 if the phases to come wait for so many fewer
     * @param bytes that the phase is to wait for, too
     */
    public static long arrive(int[] words, int index, int count, int drop, int bytes) {
        long before = WordAccess.getLong(words, index);
        int pending = pending(before);
        if (count < 1 || count > pending) {
            throw fault("mbarrier.arrive: " + count + " arrivals where the phase waits for " + pending);
        }
        int expected = expected(before) - (drop != 0 ? count : 0);
        if (expected < 0) {
            throw fault("mbarrier.arrive_drop: more threads leave than take part");
        }
        settle(words, index, parity(before), pending - count, expected, bytes(before) + bytes);
        return before;
    }

    /** Changes the number of bytes that the phase waits for. */
    public static void expect(int[] words, int index, int bytes) {
        long before = WordAccess.getLong(words, index);
        settle(words, index, parity(before), pending(before), expected(before), bytes(before) + bytes);
    }

    /** Whether the phase of a state, which an arrival answered, has ended. */
    public static int hasCompleted(int[] words, int index, long state) {
        return parity(WordAccess.getLong(words, index)) != parity(state) ? 1 : 0;
    }

    public static int hasCompletedParity(int[] words, int index, int parity) {
        return parity(WordAccess.getLong(words, index)) != (parity & 1) ? 1 : 0;
    }

    public static int pendingCount(long state) {
        return pending(state);
    }

    private static void settle(int[] words, int index, int parity, int pending, int expected, int bytes) {
        boolean complete = pending == 0 && bytes == 0;
        WordAccess.putLong(
                words,
                index,
                complete ? state(parity ^ 1, expected, expected, 0) : state(parity, pending, expected, bytes));
    }

    private static long state(int parity, int pending, int expected, int bytes) {
        return (long) parity << 63
                | (bytes & (1L << BYTES_BITS) - 1) << BYTES_SHIFT
                | (long) expected << COUNT_BITS
                | pending;
    }

    private static int pending(long state) {
        return (int) state & COUNT;
    }

    private static int expected(long state) {
        return (int) (state >>> COUNT_BITS) & COUNT;
    }

    private static int bytes(long state) {
        int unused = Long.SIZE - BYTES_SHIFT - BYTES_BITS;
        return (int) (state << unused >> (unused + BYTES_SHIFT));
    }

    private static int parity(long state) {
        return (int) (state >>> 63);
    }

    private static KernelFault fault(String message) {
        return new KernelFault(CudaStatus.ILLEGAL_INSTRUCTION, message);
    }
}
