package org.v4vgpu.device.ptx.runtime;

/**
 * Shared, local and parameter memory: arrays of 32-bit words, little-endian. A thread block runs on one thread, so that nothing
 * here is atomic. The array's own bounds check is the isolation; {@code index} turns a misaligned address into an index that is
 * out of bounds.
 */
public final class WordAccess {
    private WordAccess() {}

    public static long getLong(int[] words, int index) {
        return (words[index] & 0xFFFF_FFFFL) | (long) words[index + 1] << 32;
    }

    public static void putLong(int[] words, int index, long value) {
        words[index + 1] = (int) (value >>> 32);
        words[index] = (int) value;
    }

    public static byte getByte(int[] words, int address) {
        return (byte) (words[address >> 2] >> ((address & 3) << 3));
    }

    public static void putByte(int[] words, int address, byte value) {
        int shift = (address & 3) << 3;
        words[address >> 2] = (words[address >> 2] & ~(0xFF << shift)) | (value & 0xFF) << shift;
    }

    public static short getShort(int[] words, int address) {
        requireEven(address);
        return (short) (words[address >> 2] >> ((address & 2) << 3));
    }

    public static void putShort(int[] words, int address, short value) {
        requireEven(address);
        int shift = (address & 2) << 3;
        words[address >> 2] = (words[address >> 2] & ~(0xFFFF << shift)) | (value & 0xFFFF) << shift;
    }

    public static int atomic(int[] words, int index, int operation, int value) {
        int old = words[index];
        words[index] = Atomics.apply(operation, old, value);
        return old;
    }

    public static long atomic(int[] words, int index, int operation, long value) {
        long old = getLong(words, index);
        putLong(words, index, Atomics.apply(operation, old, value));
        return old;
    }

    public static int atomicShort(int[] words, int address, int operation, int value) {
        int old = getShort(words, address) & 0xFFFF;
        putShort(words, address, (short) Atomics.applyShort(operation, old, value));
        return old;
    }

    public static int compareAndSwapShort(int[] words, int address, int expected, int value) {
        int old = getShort(words, address) & 0xFFFF;
        if (old == (expected & 0xFFFF)) {
            putShort(words, address, (short) value);
        }
        return old;
    }

    public static int compareAndSwap(int[] words, int index, int expected, int value) {
        int old = words[index];
        if (old == expected) {
            words[index] = value;
        }
        return old;
    }

    public static long compareAndSwap(int[] words, int index, long expected, long value) {
        long old = getLong(words, index);
        if (old == expected) {
            putLong(words, index, value);
        }
        return old;
    }

    /** The word of an aligned address, or an index beyond every array. */
    static int index(long address, int bytes) {
        requireAligned(address, bytes);
        return (int) (address >> 2);
    }

    /**
     * Checks the address of a whole vector.
     *
     * @param bytes a power of two
     */
    public static void requireAligned(long address, int bytes) {
        if ((address & (bytes - 1)) != 0) {
            throw KernelFault.misaligned(address, bytes);
        }
    }

    private static void requireEven(int address) {
        requireAligned(address, 2);
    }
}
