package org.v4vgpu.device.ptx;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The allocations that were freed last and whose place nothing else has taken, so that a stale pointer can be told. Confined to its memory's lock. */
final class FreedRanges {
    private static final int MOST = 256;

    private final TreeMap<Long, Long> ranges = new TreeMap<>();
    private final ArrayDeque<Long> order = new ArrayDeque<>();

    void add(long offset, long bytes) {
        if (ranges.put(offset, bytes) == null) {
            order.add(offset);
        }
        while (ranges.size() > MOST || order.size() > 4 * MOST) {
            ranges.remove(order.remove()); // Those that were taken again are passed over.
        }
    }

    /** A new allocation takes the place of what was freed there. */
    void remove(long offset, long bytes) {
        if (ranges.isEmpty()) {
            return;
        }
        Map.Entry<Long, Long> before = ranges.lowerEntry(offset);
        if (before != null && before.getKey() + before.getValue() > offset) {
            ranges.remove(before.getKey());
        }
        ranges.subMap(offset, offset + bytes).clear();
    }

    /** The freed allocation that held an offset: first offset and length. */
    Map.@Nullable Entry<Long, Long> at(long offset) {
        Map.Entry<Long, Long> found = ranges.floorEntry(offset);
        return found != null && offset - found.getKey() < found.getValue() ? found : null;
    }
}
