package org.v4vgpu.device.ptx.runtime;

/**
 * Accesses without a state space: shared, local and parameter memory have windows in the address space, everything else is global.
 * Values travel as bits. Source: PTX ISA 6.4.1.1.
 */
public final class GenericAccess {
    public static final long SHARED_WINDOW = 0x0001_0000_0000L;
    public static final long LOCAL_WINDOW = 0x0002_0000_0000L;
    public static final long PARAMETER_WINDOW = 0x0003_0000_0000L;

    /** Addresses of functions begin here; nothing can be read there. */
    public static final long FUNCTION_WINDOW = 0x0004_0000_0000L;

    private static final int SHARED = 1;
    private static final int LOCAL = 2;
    private static final int PARAMETER = 3;

    private GenericAccess() {}

    /**
     * Reads up to 8 bytes, sign-extended.
     *
     * @param localBase the first word of the thread's local memory
     */
    public static long get(ThreadBlock block, int localBase, long address, int bytes) {
        int window = window(address);
        if (window == 0) {
            long at = GlobalAccess.locate(address, bytes, block.map, block.base, block.delta);
            return switch (bytes) {
                case 1 -> GlobalAccess.getByte(at);
                case 2 -> GlobalAccess.getShort(at);
                case 4 -> GlobalAccess.getInt(at);
                default -> GlobalAccess.getLong(at);
            };
        }
        int[] words = words(block, window, address);
        int word = window == LOCAL ? localBase : 0;
        int index = word + WordAccess.index(address & 0x7FFF_FFFFL, bytes);
        return switch (bytes) {
            case 1 -> WordAccess.getByte(words, 4 * word + (int) address);
            case 2 -> WordAccess.getShort(words, 4 * word + (int) address);
            case 4 -> words[index];
            default -> WordAccess.getLong(words, index);
        };
    }

    public static void put(ThreadBlock block, int localBase, long address, int bytes, long value) {
        int window = window(address);
        if (window == 0) {
            long at = GlobalAccess.locate(address, bytes, block.map, block.base, block.delta);
            switch (bytes) {
                case 1 -> GlobalAccess.putByte(at, (byte) value);
                case 2 -> GlobalAccess.putShort(at, (short) value);
                case 4 -> GlobalAccess.putInt(at, (int) value);
                default -> GlobalAccess.putLong(at, value);
            }
            return;
        }
        int[] words = writable(block, window, address);
        int word = window == LOCAL ? localBase : 0;
        int index = word + WordAccess.index(address & 0x7FFF_FFFFL, bytes);
        switch (bytes) {
            case 1 -> WordAccess.putByte(words, 4 * word + (int) address, (byte) value);
            case 2 -> WordAccess.putShort(words, 4 * word + (int) address, (short) value);
            case 4 -> words[index] = (int) value;
            default -> WordAccess.putLong(words, index, value);
        }
    }

    public static int atomic(ThreadBlock block, int localBase, long address, int operation, int value) {
        int window = window(address);
        return window == 0
                ? GlobalAccess.atomic(
                        GlobalAccess.locate(address, 4, block.map, block.base, block.delta), operation, value)
                : WordAccess.atomic(
                        writable(block, window, address), index(window, localBase, address, 4), operation, value);
    }

    public static int atomicShort(ThreadBlock block, int localBase, long address, int operation, int value) {
        int window = window(address);
        return window == 0
                ? GlobalAccess.atomicShort(
                        GlobalAccess.locate(address, 2, block.map, block.base, block.delta), operation, value)
                : WordAccess.atomicShort(
                        writable(block, window, address), byteIndex(window, localBase, address), operation, value);
    }

    public static int compareAndSwapShort(ThreadBlock block, int localBase, long address, int expected, int value) {
        int window = window(address);
        return window == 0
                ? GlobalAccess.compareAndSwapShort(
                        GlobalAccess.locate(address, 2, block.map, block.base, block.delta), expected, value)
                : WordAccess.compareAndSwapShort(
                        writable(block, window, address), byteIndex(window, localBase, address), expected, value);
    }

    public static long atomic(ThreadBlock block, int localBase, long address, int operation, long value) {
        int window = window(address);
        return window == 0
                ? GlobalAccess.atomic(
                        GlobalAccess.locate(address, 8, block.map, block.base, block.delta), operation, value)
                : WordAccess.atomic(
                        writable(block, window, address), index(window, localBase, address, 8), operation, value);
    }

    public static int compareAndSwap(ThreadBlock block, int localBase, long address, int expected, int value) {
        int window = window(address);
        return window == 0
                ? GlobalAccess.compareAndSwap(
                        GlobalAccess.locate(address, 4, block.map, block.base, block.delta), expected, value)
                : WordAccess.compareAndSwap(
                        writable(block, window, address), index(window, localBase, address, 4), expected, value);
    }

    public static long compareAndSwap(ThreadBlock block, int localBase, long address, long expected, long value) {
        int window = window(address);
        return window == 0
                ? GlobalAccess.compareAndSwap(
                        GlobalAccess.locate(address, 8, block.map, block.base, block.delta), expected, value)
                : WordAccess.compareAndSwap(
                        writable(block, window, address), index(window, localBase, address, 8), expected, value);
    }

    /** The address within shared memory of a generic address. */
    public static int sharedAddress(long address) {
        if (window(address) != SHARED) {
            throw KernelFault.illegalAddress(address);
        }
        return (int) address;
    }

    /** Whether an address lies in the window that starts there; 0 stands for global. */
    public static int isIn(long address, long windowStart) {
        int wanted = (int) (windowStart >>> 32);
        return window(address) == wanted ? 1 : 0;
    }

    static boolean isInWindow(long address) {
        return window(address) != 0;
    }

    private static int byteIndex(int window, int localBase, long address) {
        return (window == LOCAL ? 4 * localBase : 0) + (int) address;
    }

    private static int index(int window, int localBase, long address, int bytes) {
        return (window == LOCAL ? localBase : 0) + WordAccess.index(address & 0x7FFF_FFFFL, bytes);
    }

    private static int window(long address) {
        long high = address >>> 32;
        return high == SHARED || high == LOCAL || high == PARAMETER ? (int) high : 0;
    }

    /** Memory that may be written: a kernel's parameters are constant. */
    private static int[] writable(ThreadBlock block, int window, long address) {
        if (window == PARAMETER) {
            throw KernelFault.illegalAddress(address);
        }
        return words(block, window, address);
    }

    private static int[] words(ThreadBlock block, int window, long address) {
        if ((int) address < 0) {
            throw KernelFault.illegalAddress(address);
        }
        return switch (window) {
            case SHARED -> block.shared;
            case LOCAL -> block.local;
            default -> block.parameters;
        };
    }
}
