package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Memory of a channel that stays mapped, whatever becomes of the channel, until this is closed. Safe for any thread.
 *
 * @param segments whole mappings; empty if the channel has none that lasts
 * @param letGo called once
 */
public record HeldMemory(List<MemorySegment> segments, Runnable letGo) implements AutoCloseable {
    /** Of a channel whose payloads lie now here, now there. */
    public static final HeldMemory NONE = new HeldMemory(List.of(), () -> {});

    /** Once. */
    @Override
    public void close() {
        letGo.run();
    }
}
