package org.v4vgpu.v4v;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Memory that two domains have mapped: the owner, who made it, and the one partner that it was made for. Safe for any thread; what
 * both write at the same time is between them. Each side closes its own mapping, and the bytes go with the last one.
 *
 * <p>The memory can't shrink under a reader. It stays mapped, and nobody else's, when the other side leaves or dies; whoever wants it to
 * end then closes it. In a region of ivshmem's it is nobody else's only as long as the domain that has it mapped has not left
 * itself: close it first.
 */
public final class Window implements AutoCloseable {
    private final long name;
    private final MemorySegment memory;
    private final Arena arena;
    private final Runnable closing;
    private final AtomicBoolean open = new AtomicBoolean(true);

    /**
     * Takes ownership of a shared arena.
     *
     * @param memory of that arena
     * @param closing runs once, before the mapping goes
     */
    public Window(long name, MemorySegment memory, Arena arena, Runnable closing) {
        this.name = name;
        this.memory = memory;
        this.arena = arena;
        this.closing = closing;
    }

    /** What the owner calls it, for the partner to ask for. */
    public long name() {
        return name;
    }

    /** The bytes, page-aligned, zeros at first. After {@link #close} an access throws {@code IllegalStateException}. */
    public MemorySegment memory() {
        return memory;
    }

    /** Unmaps this side's mapping. Idempotent. */
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            closing.run();
            arena.close();
        }
    }
}
