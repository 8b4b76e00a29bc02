package org.v4vgpu.device.ptx.runtime;

/**
 * What generated code asks about a strip: threads side by side in x, of which it knows the first one's value and the stride to the
 * next. Safe for any thread.
 */
public final class Strips {
    /** Threads of a small strip: a half warp, the row of the smallest common tile. */
    public static final int THREADS = 16;

    /** Threads of a large strip: a warp, whose lanes may exchange values. */
    public static final int WARP = 32;

    public static final int LESS = 1;
    public static final int EQUAL = 2;
    public static final int GREATER = 4;

    /** Beyond, differences of 64 bits might wrap. */
    private static final long MOST = 1L << 61;

    private Strips() {}

    /**
     * Whether no thread's 32 bits wrap, so that they are widened with the same stride.
     *
     * @param reach how much greater the last thread's value is
     */
    public static boolean widens(int first, long reach) {
        if (reach == (int) reach) {
            // A constant, mostly: then this is one addition and one comparison.
            int last = first + (int) reach;
            return reach < 0 ? last < first : last >= first;
        }
        long last = first + reach;
        return last == (int) last;
    }

    /** The same for unsigned numbers. */
    public static boolean widensUnsigned(int first, long reach) {
        long last = (first & 0xFFFF_FFFFL) + reach;
        return last >>> 32 == 0;
    }

    /**
     * Compares for all threads.
     *
     * @param a of the first thread
     * @param reachA how much greater that of the last thread is
     * @param wanted LESS, EQUAL and GREATER, of which any may hold
     * @return 1 if it holds for all, 0 if for none, -1 if they differ or that can't be told
     */
    public static int compareInts(long a, long reachA, long b, long reachB, int wanted) {
        long lastA = a + reachA;
        long lastB = b + reachB;
        if (lastA != (int) lastA || lastB != (int) lastB) {
            return -1;
        }
        return compare(a - b, lastA - lastB, wanted);
    }

    /** The same for unsigned numbers, zero-extended. */
    public static int compareUnsignedInts(long a, long reachA, long b, long reachB, int wanted) {
        long lastA = a + reachA;
        long lastB = b + reachB;
        if ((lastA | lastB) >>> 32 != 0) {
            return -1;
        }
        return compare(a - b, lastA - lastB, wanted);
    }

    /** The same for 64 bits. */
    public static int compare(long a, long reachA, long b, long reachB, int wanted) {
        if (a > MOST || a < -MOST || b > MOST || b < -MOST) {
            return -1;
        }
        return compare(a - b, a - b + reachA - reachB, wanted);
    }

    /** The same for 64 bits, unsigned. */
    public static int compareUnsigned(long a, long reachA, long b, long reachB, int wanted) {
        if (a < 0 || b < 0 || a + reachA < 0 || b + reachB < 0) {
            return -1;
        }
        return compare(a, reachA, b, reachB, wanted);
    }

    /** The difference changes evenly from the first thread to the last: what holds for both holds for all between. */
    private static int compare(long first, long last, int wanted) {
        return switch (wanted) {
            case LESS -> both(first < 0, last < 0);
            case LESS | EQUAL -> both(first <= 0, last <= 0);
            case GREATER -> both(first > 0, last > 0);
            case GREATER | EQUAL -> both(first >= 0, last >= 0);
            case EQUAL -> equal(first, last);
            default -> {
                int equal = equal(first, last);
                yield equal < 0 ? equal : 1 - equal;
            }
        };
    }

    private static int equal(long first, long last) {
        if ((first | last) == 0) {
            return 1;
        }
        return (first < 0 && last < 0) || (first > 0 && last > 0) ? 0 : -1;
    }

    private static int both(boolean first, boolean last) {
        return first != last ? -1 : first ? 1 : 0;
    }

    /** The index of a word that is not behind the word {@code most}; or -1. */
    public static int index(int address, int most) {
        int index = address >>> 2;
        return (address & 3) == 0 && index <= most ? index : -1;
    }

    /** The index of the first of words of which the last is so far from it, in an array of {@code length}; or -1. */
    public static int index(int address, long reach, int length) {
        return isWithin(address, reach, length) ? address >> 2 : -1;
    }

    /**
     * Loads words of shared memory that lie a stride apart; false where a thread's access is not allowed.
     *
     * @param into as long as the strip
     */
    public static boolean gather(long address, long stride, int[] words, int[] into) {
        if (!isWithin(address, (into.length - 1) * stride, words.length)) {
            return false;
        }
        int index = (int) (address >> 2);
        int step = (int) (stride >> 2);
        for (int t = 0; t < into.length; t++, index += step) {
            into[t] = words[index];
        }
        return true;
    }

    /** Stores them; where a thread's access is not allowed, stores nothing and answers false. */
    public static boolean scatter(long address, long stride, int[] words, int[] from) {
        if (!isWithin(address, (from.length - 1) * stride, words.length)) {
            return false;
        }
        int index = (int) (address >> 2);
        int step = (int) (stride >> 2);
        for (int t = 0; t < from.length; t++, index += step) {
            words[index] = from[t];
        }
        return true;
    }

    /** @param reach a multiple of 4 */
    private static boolean isWithin(long address, long reach, int length) {
        long last = address + reach;
        return (address & 3) == 0 && address >= 0 && last >= 0 && (Math.max(address, last) >> 2) < length;
    }

    /** As {@link #gather}, of global memory. */
    public static boolean gatherGlobal(long address, long stride, byte[] map, long base, long delta, int[] into) {
        if (!isLive(address, stride, map, base, into.length)) {
            return false;
        }
        for (int t = 0; t < into.length; t++) {
            into[t] = GlobalAccess.getInt(address + t * stride + delta);
        }
        return true;
    }

    /** As {@link #scatter}, of global memory. */
    public static boolean scatterGlobal(long address, long stride, byte[] map, long base, long delta, int[] from) {
        if (!isLive(address, stride, map, base, from.length)) {
            return false;
        }
        for (int t = 0; t < from.length; t++) {
            GlobalAccess.putInt(address + t * stride + delta, from[t]);
        }
        return true;
    }

    /**
     * Whether all of the words side by side in global memory are there, the first of them at an address that is right for it.
     *
     * @param bytes of a word
     * @param all of all words, no more than a granule
     */
    public static boolean isLiveBeside(long address, int bytes, int all, byte[] map, long base) {
        long first = (address - base) >>> GlobalAccess.GRANULE_SHIFT;
        long last = (address - base + all - 1) >>> GlobalAccess.GRANULE_SHIFT;
        return first < map.length
                && last < map.length
                && map[(int) first] != 0
                && map[(int) last] != 0
                && (address & (bytes - 1)) == 0;
    }

    private static boolean isLive(long address, long stride, byte[] map, long base, int threads) {
        for (int t = 0; t < threads; t++) {
            long granule = (address + t * stride - base) >>> GlobalAccess.GRANULE_SHIFT;
            if (granule >= map.length || map[(int) granule] == 0) {
                return false;
            }
        }
        return (address & 3) == 0;
    }
}
