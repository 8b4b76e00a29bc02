package org.v4vgpu.device.ptx.runtime;

/**
 * Moves between memory and those threads of a strip that run: a bit of {@code running} for each. Addresses lie a stride apart, which is a
 * multiple of the size of an element, or 0. Each answers false, and has stored nothing, where the access of a thread that runs is not
 * allowed. Of several threads that store at one place the last one's value stays. Safe for any thread.
 */
public final class PartedStrip {
    private PartedStrip() {}

    /** Loads words of shared memory. */
    public static boolean gather(long address, long stride, int[] words, int[] into, int running) {
        if (!isWithin(address, stride, words.length, running)) {
            return false;
        }
        for (int rest = running; rest != 0; rest &= rest - 1) {
            int t = Integer.numberOfTrailingZeros(rest);
            into[t] = words[(int) (address + t * stride >> 2)];
        }
        return true;
    }

    /** Stores words to shared memory. */
    public static boolean scatter(long address, long stride, int[] words, int[] from, int running) {
        if (!isWithin(address, stride, words.length, running)) {
            return false;
        }
        for (int rest = running; rest != 0; rest &= rest - 1) {
            int t = Integer.numberOfTrailingZeros(rest);
            words[(int) (address + t * stride >> 2)] = from[t];
        }
        return true;
    }

    /** Loads words of global memory. */
    public static boolean gatherGlobal(
            long address, long stride, byte[] map, long base, long delta, int[] into, int running) {
        if (!isLive(address, stride, Integer.BYTES, map, base, running)) {
            return false;
        }
        for (int rest = running; rest != 0; rest &= rest - 1) {
            int t = Integer.numberOfTrailingZeros(rest);
            into[t] = GlobalAccess.getInt(address + t * stride + delta);
        }
        return true;
    }

    /** Stores words to global memory. */
    public static boolean scatterGlobal(
            long address, long stride, byte[] map, long base, long delta, int[] from, int running) {
        if (!isLive(address, stride, Integer.BYTES, map, base, running)) {
            return false;
        }
        for (int rest = running; rest != 0; rest &= rest - 1) {
            int t = Integer.numberOfTrailingZeros(rest);
            GlobalAccess.putInt(address + t * stride + delta, from[t]);
        }
        return true;
    }

    /** Loads elements of eight bytes from global memory. */
    public static boolean gatherGlobal(
            long address, long stride, byte[] map, long base, long delta, long[] into, int running) {
        if (!isLive(address, stride, Long.BYTES, map, base, running)) {
            return false;
        }
        for (int rest = running; rest != 0; rest &= rest - 1) {
            int t = Integer.numberOfTrailingZeros(rest);
            into[t] = GlobalAccess.getLong(address + t * stride + delta);
        }
        return true;
    }

    /** Stores elements of eight bytes to global memory. */
    public static boolean scatterGlobal(
            long address, long stride, byte[] map, long base, long delta, long[] from, int running) {
        if (!isLive(address, stride, Long.BYTES, map, base, running)) {
            return false;
        }
        for (int rest = running; rest != 0; rest &= rest - 1) {
            int t = Integer.numberOfTrailingZeros(rest);
            GlobalAccess.putLong(address + t * stride + delta, from[t]);
        }
        return true;
    }

    /** The first and the last thread's addresses tell those between. */
    private static boolean isWithin(long address, long stride, int length, int running) {
        long first = address + stride * Integer.numberOfTrailingZeros(running);
        long last = address + stride * (Integer.SIZE - 1 - Integer.numberOfLeadingZeros(running));
        return running == 0 || ((address & 3) == 0 && first >= 0 && last >= 0 && (Math.max(first, last) >> 2) < length);
    }

    private static boolean isLive(long address, long stride, int bytes, byte[] map, long base, int running) {
        for (int rest = running; rest != 0; rest &= rest - 1) {
            long own = address + stride * Integer.numberOfTrailingZeros(rest);
            long granule = (own - base) >>> GlobalAccess.GRANULE_SHIFT;
            if (granule >= map.length || map[(int) granule] == 0) {
                return false;
            }
        }
        return (address & (bytes - 1)) == 0;
    }
}
