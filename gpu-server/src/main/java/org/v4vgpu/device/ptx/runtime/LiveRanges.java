package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;

/**
 * Where global memory was found live during a launch, for each of the places in a kernel that access it: what lies in such a range need
 * not be looked up in the map. Nothing is freed while a kernel that may use it runs. Confined to one worker.
 */
public final class LiveRanges {
    /** Places that are told apart; others share. Any range is right for any place. */
    public static final int SITES = 32;

    /** Granules that are looked at on either side: more, the nearer a place comes back to where it was. */
    private static final int LEAST_REACH = 2;

    private static final int MOST_REACH = 1 << 12;

    /** Granules that are looked at by one comparison of arrays, for which the JVM has vectors. */
    private static final int STRIDE = 512;

    private static final byte[] LIVE = new byte[STRIDE];

    static {
        Arrays.fill(LIVE, GlobalAccess.LIVE);
    }

    // Device addresses, the end exclusive.
    private final long[] firsts = new long[SITES];
    private final long[] ends = new long[SITES];
    private final int[] reaches = new int[SITES];
    private boolean isClear = true;

    /** A launch begins: nothing is known. */
    void clear() {
        if (!isClear) {
            Arrays.fill(firsts, 0);
            Arrays.fill(ends, 0);
            Arrays.fill(reaches, 0);
            isClear = true;
        }
    }

    /** Where the range begins, at a granule. */
    public long first(int site) {
        return firsts[site];
    }

    /** At how many elements from the beginning on there are so many bytes more. */
    public long limit(int site, int bytes, int shift) {
        long last = ends[site] - firsts[site] - bytes;
        return last < 0 ? 0 : (last >> shift) + 1;
    }

    /**
     * Looks for live memory around an address, and keeps what it finds.
     *
     * @param elementBytes what the address must be a multiple of
     * @param bytes that must be live from there on
     * @return false where that is not so
     */
    public boolean find(int site, long address, int elementBytes, int bytes, byte[] map, long base) {
        long from = (address - base) >>> GlobalAccess.GRANULE_SHIFT;
        long to = (address - base + bytes - 1) >>> GlobalAccess.GRANULE_SHIFT;
        if ((address & (elementBytes - 1)) != 0 || from >= map.length || to >= map.length || from > to) {
            return false;
        }
        for (int granule = (int) from; granule <= to; granule++) {
            if (map[granule] == 0) {
                return false;
            }
        }
        int reach = reach(site, address);
        int first = (int) from;
        int end = (int) to + 1;
        first = firstLive(map, Math.max(0, first - reach), first);
        end = endOfLive(map, end, Math.min(map.length, end + reach));
        firsts[site] = base + ((long) first << GlobalAccess.GRANULE_SHIFT);
        ends[site] = base + ((long) end << GlobalAccess.GRANULE_SHIFT);
        reaches[site] = reach;
        isClear = false;
        return true;
    }

    /** The first granule from which on all to the end are live, no less than the least. */
    private static int firstLive(byte[] map, int least, int end) {
        int first = end;
        while (first > least) {
            int from = Math.max(least, first - STRIDE);
            if (endOfLive(map, from, first) < first) {
                while (map[first - 1] != 0) {
                    first--;
                }
                return first;
            }
            first = from;
        }
        return first;
    }

    /** The first granule from a beginning on that is not live, no more than the most. */
    private static int endOfLive(byte[] map, int begin, int most) {
        int end = begin;
        while (end < most) {
            int to = Math.min(most, end + STRIDE);
            int length = to - end;
            int differs = Arrays.mismatch(map, end, to, LIVE, 0, length);
            if (differs >= 0) {
                return end + differs;
            }
            end = to;
        }
        return end;
    }

    private int reach(int site, long address) {
        long size = ends[site] - firsts[site];
        boolean isNear = address >= firsts[site] - 8 * size && address <= ends[site] + 8 * size;
        return size == 0 || !isNear ? LEAST_REACH : Math.min(MOST_REACH, 4 * reaches[site]);
    }
}
