package org.v4vgpu.device.ptx.runtime;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Global memory accesses of generated code: {@code locate} checks a device address and gives the native one, the rest touch it.
 * Safe for any thread.
 */
public final class GlobalAccess {
    public static final int GRANULE_SHIFT = 8;

    /** What the map of granules has where memory is live; elsewhere it has 0. */
    public static final byte LIVE = 1;

    /** All of the address space, for generated code that has located what it touches. */
    public static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final VarHandle ATOMIC_INT = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle ATOMIC_LONG = ValueLayout.JAVA_LONG.varHandle();

    private GlobalAccess() {}

    /**
     * Checks a device address and answers the native one.
     *
     * @param bytes size of the access, a power of two: the address is a multiple of it, so that it lies in one granule
     */
    public static long locate(long address, int bytes, byte[] map, long base, long delta) {
        long granule = (address - base) >>> GRANULE_SHIFT;
        if (granule >= map.length || map[(int) granule] == 0 || (address & (bytes - 1)) != 0) {
            throw fault(address, bytes, map, base);
        }
        return address + delta;
    }

    private static KernelFault fault(long address, int bytes, byte[] map, long base) {
        long granule = (address - base) >>> GRANULE_SHIFT;
        return granule >= map.length || map[(int) granule] == 0
                ? KernelFault.illegalAddress(address)
                : KernelFault.misaligned(address, bytes);
    }

    public static byte getByte(long at) {
        return EVERYTHING.get(ValueLayout.JAVA_BYTE, at);
    }

    public static short getShort(long at) {
        return EVERYTHING.get(SHORT, at);
    }

    public static int getInt(long at) {
        return EVERYTHING.get(INT, at);
    }

    public static long getLong(long at) {
        return EVERYTHING.get(LONG, at);
    }

    public static float getFloat(long at) {
        return EVERYTHING.get(FLOAT, at);
    }

    public static double getDouble(long at) {
        return EVERYTHING.get(DOUBLE, at);
    }

    public static void putByte(long at, byte value) {
        EVERYTHING.set(ValueLayout.JAVA_BYTE, at, value);
    }

    public static void putShort(long at, short value) {
        EVERYTHING.set(SHORT, at, value);
    }

    public static void putInt(long at, int value) {
        EVERYTHING.set(INT, at, value);
    }

    public static void putLong(long at, long value) {
        EVERYTHING.set(LONG, at, value);
    }

    public static void putFloat(long at, float value) {
        EVERYTHING.set(FLOAT, at, value);
    }

    public static void putDouble(long at, double value) {
        EVERYTHING.set(DOUBLE, at, value);
    }

    /** Keeps a volatile, acquire or release access in its place. */
    public static void fence() {
        VarHandle.fullFence();
    }

    /**
     * Answers the old value.
     *
     * @param operation one of {@link Atomics}
     */
    public static int atomic(long at, int operation, int value) {
        if (operation == Atomics.ADD) {
            return (int) ATOMIC_INT.getAndAdd(EVERYTHING, at, value);
        }
        while (true) {
            int old = (int) ATOMIC_INT.getVolatile(EVERYTHING, at);
            if (ATOMIC_INT.compareAndSet(EVERYTHING, at, old, Atomics.apply(operation, old, value))) {
                return old;
            }
        }
    }

    /**
     * Answers the old value.
     *
     * @param operation one of {@link Atomics}
     */
    public static long atomic(long at, int operation, long value) {
        if (operation == Atomics.ADD) {
            return (long) ATOMIC_LONG.getAndAdd(EVERYTHING, at, value);
        }
        while (true) {
            long old = (long) ATOMIC_LONG.getVolatile(EVERYTHING, at);
            if (ATOMIC_LONG.compareAndSet(EVERYTHING, at, old, Atomics.apply(operation, old, value))) {
                return old;
            }
        }
    }

    /** Likewise of 16 bits, by way of the word that holds them. */
    public static int atomicShort(long at, int operation, int value) {
        int shift = (int) (at & 2) << 3;
        while (true) {
            int word = (int) ATOMIC_INT.getVolatile(EVERYTHING, at & -4);
            int old = word >>> shift & 0xFFFF;
            int changed = (word & ~(0xFFFF << shift)) | (Atomics.applyShort(operation, old, value) & 0xFFFF) << shift;
            if (ATOMIC_INT.compareAndSet(EVERYTHING, at & -4, word, changed)) {
                return old;
            }
        }
    }

    public static int compareAndSwapShort(long at, int expected, int value) {
        int shift = (int) (at & 2) << 3;
        while (true) {
            int word = (int) ATOMIC_INT.getVolatile(EVERYTHING, at & -4);
            int old = word >>> shift & 0xFFFF;
            int changed = (word & ~(0xFFFF << shift)) | (value & 0xFFFF) << shift;
            if (old != (expected & 0xFFFF) || ATOMIC_INT.compareAndSet(EVERYTHING, at & -4, word, changed)) {
                return old;
            }
        }
    }

    public static int compareAndSwap(long at, int expected, int value) {
        return (int) ATOMIC_INT.compareAndExchange(EVERYTHING, at, expected, value);
    }

    public static long compareAndSwap(long at, long expected, long value) {
        return (long) ATOMIC_LONG.compareAndExchange(EVERYTHING, at, expected, value);
    }
}
