package org.v4vgpu.client;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.Window;

/**
 * Pinned host memory: page-aligned, and where the transport allows it seen by the server as well, so that copies from and to it take
 * no way through the transport. Safe for any thread; who allocated it closes it, and then its segment is of no use any more.
 *
 * <p>Source: cuMemHostAlloc.
 *
 * {@snippet :
 *   try (HostMemory pinned = context.allocateHost(4L * n)) {
 *       pinned.segment().copyFrom(MemorySegment.ofArray(floats));
 *       x.copyFromAsync(pinned.segment(), stream);   // the bytes are read when the stream comes there
 *       stream.synchronize();
 *   }
 * }
 */
public final class HostMemory implements AutoCloseable {
    private final HostWindows windows;
    private final MemorySegment segment;

    /** What is closed with it: the window, or else the arena. */
    private final AutoCloseable memory;

    /** The server's handle of the window; 0 without one. */
    private final long window;

    private final AtomicBoolean open = new AtomicBoolean(true);

    private HostMemory(HostWindows windows, MemorySegment segment, AutoCloseable memory, long window) {
        this.windows = windows;
        this.segment = segment;
        this.memory = memory;
        this.window = window;
    }

    static HostMemory shared(HostWindows windows, Window window, long handle, long bytes) {
        return new HostMemory(windows, window.memory().asSlice(0, bytes), window, handle);
    }

    /** Takes ownership of a shared arena. */
    static HostMemory ordinary(HostWindows windows, Arena arena, MemorySegment segment) {
        return new HostMemory(windows, segment, arena, 0);
    }

    /** The bytes. After {@link #close} an access throws {@code IllegalStateException}. */
    public MemorySegment segment() {
        return segment;
    }

    public long byteSize() {
        return segment.byteSize();
    }

    /** Whether the server sees this memory; if not, copies take the ordinary way. */
    public boolean isShared() {
        return window != 0;
    }

    /** Waits until the server does not use it any more, and frees it. Idempotent. */
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            try {
                windows.leave(this);
            } finally {
                free();
            }
        }
    }

    /** Frees it without a word to the server, which is gone. Idempotent. */
    void abandon() {
        if (open.compareAndSet(true, false)) {
            free();
        }
    }

    private void free() {
        switch (memory) {
            case Window shared -> shared.close();
            case Arena own -> own.close();
            default -> throw new AssertionError("memory of " + memory.getClass());
        }
    }

    long window() {
        return window;
    }

    /** Where {@code part} begins in this memory; negative if it does not lie inside. */
    long offsetOf(MemorySegment part) {
        long offset = part.address() - segment.address();
        return offset >= 0 && part.byteSize() <= segment.byteSize() - offset ? offset : -1;
    }

    @Override
    public String toString() {
        return segment.byteSize() + " bytes of " + (isShared() ? "shared" : "ordinary") + " host memory";
    }

    /** The memory that holds a segment, and where. */
    record Place(HostMemory memory, long offset) {}

    /** Where a segment lies in this memory; null if it does not. */
    @Nullable
    Place place(MemorySegment part) {
        long offset = offsetOf(part);
        return offset < 0 ? null : new Place(this, offset);
    }
}
