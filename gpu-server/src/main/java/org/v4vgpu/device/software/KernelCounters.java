package org.v4vgpu.device.software;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.device.KernelStatistics;
import org.v4vgpu.device.ptx.Kernel;

/**
 * The counters of a device's kernels, by module and name. Both are the clients': their number and length are bounded, and what comes
 * later counts together. Safe for any thread.
 */
final class KernelCounters {
    static final int MOST_KERNELS = 1024;
    static final int MOST_CHARACTERS = 256;

    private final KernelCounter others = new KernelCounter("(others)", "", 0, 0);

    // Guarded by this.
    private final Map<Key, KernelCounter> counters = new HashMap<>();

    private record Key(String module, String name) {}

    synchronized KernelCounter of(Kernel kernel) {
        String name = kernel.name();
        if (name.length() > MOST_CHARACTERS) {
            name = name.substring(0, MOST_CHARACTERS);
        }
        Key key = new Key(kernel.module(), name);
        KernelCounter known = counters.get(key);
        if (known == null) {
            if (counters.size() >= MOST_KERNELS) {
                return others;
            }
            known = new KernelCounter(name, kernel.module(), kernel.registers(), kernel.instructions());
            counters.put(key, known);
        }
        return known;
    }

    /** Those that were launched; what took most time first. */
    List<KernelStatistics> statistics() {
        List<KernelCounter> all;
        synchronized (this) {
            all = new ArrayList<>(counters.values());
        }
        all.add(others);
        return all.stream()
                .map(KernelCounter::statistics)
                .filter(each -> each.launches() > 0)
                .sorted(Comparator.comparingLong(KernelStatistics::totalNanos).reversed())
                .toList();
    }
}
