package org.v4vgpu.device.ptx.runtime;

import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The parts of an address space that are free, by address and by length: what is taken comes from the shortest that is long enough, and
 * of these the lowest. Taking and giving back cost the logarithm of the number of gaps, whatever was allocated in which order, for those
 * who allocate may be hostile. Confined to its owner's lock.
 */
public final class Gaps {
    /** That nothing is long enough. */
    public static final long NONE = -1;

    private record Gap(long length, long start) {}

    private final TreeMap<Long, Long> lengths = new TreeMap<>();
    private final TreeSet<Gap> bySize =
            new TreeSet<>(Comparator.comparingLong(Gap::length).thenComparingLong(Gap::start));

    /** One gap from a start >= 0 on. */
    public Gaps(long start, long length) {
        add(start, length);
    }

    /** Takes so much, from the beginning of a gap; {@link #NONE} if no gap is long enough. */
    public long take(long length) {
        Gap gap = bySize.ceiling(new Gap(length, 0));
        if (gap == null) {
            return NONE;
        }
        remove(gap.start, gap.length);
        if (gap.length > length) {
            add(gap.start + length, gap.length - length);
        }
        return gap.start;
    }

    /** Gives back what was taken, which becomes one gap with those beside it. */
    public void give(long start, long length) {
        long from = start;
        long to = start + length;
        Map.Entry<Long, Long> before = lengths.lowerEntry(start);
        if (before != null && before.getKey() + before.getValue() == start) {
            from = before.getKey();
            remove(from, before.getValue());
        }
        Long after = lengths.get(to);
        if (after != null) {
            remove(to, after);
            to += after;
        }
        add(from, to - from);
    }

    /** How many there are. */
    public int count() {
        return lengths.size();
    }

    /** All gone. */
    public void clear() {
        lengths.clear();
        bySize.clear();
    }

    private void add(long start, long length) {
        lengths.put(start, length);
        bySize.add(new Gap(length, start));
    }

    private void remove(long start, long length) {
        lengths.remove(start);
        bySize.remove(new Gap(length, start));
    }
}
