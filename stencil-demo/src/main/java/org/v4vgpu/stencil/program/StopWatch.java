package org.v4vgpu.stencil.program;

import java.util.LinkedHashMap;
import java.util.Map;

/** Times consecutive stages. Confined to one thread. */
final class StopWatch {
    private final Map<String, Double> micros = new LinkedHashMap<>();
    private final long begin = System.nanoTime();
    private long last = begin;

    /** Ends a stage: it took from the end of the stage before until now. */
    void stage(String name) {
        long now = System.nanoTime();
        micros.put(name, (now - last) / 1e3);
        last = now;
    }

    /** All stages, and {@code total} from the first one's begin to the last one's end. */
    Map<String, Double> stop() {
        micros.put("total", (last - begin) / 1e3);
        return micros;
    }
}
