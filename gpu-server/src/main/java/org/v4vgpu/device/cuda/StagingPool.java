package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * Registered host memory of one context, through which copies go whose own memory the GPU can't reach: pairs of buffers, one of which is
 * filled while the other one's DMA runs. Safe for any thread; a pair belongs to who has taken it.
 *
 * <p>Where the driver pins nothing (locked memory is limited), they are ordinary memory, which it copies by way of buffers of its own.
 */
final class StagingPool {
    /** A chunk of a ring, or less. */
    static final int BUFFER_BYTES = 1 << 20;

    private static final int PAGE_BYTES = 4096;

    private static final System.Logger LOG = System.getLogger(StagingPool.class.getName());

    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private final CudaContext context;

    // Guarded by this.
    private final ArrayDeque<Pair> idle = new ArrayDeque<>();
    private final List<MemorySegment> registered = new ArrayList<>();
    private final Arena arena = Arena.ofShared();

    /** One half of a pair, and the mark behind its latest DMA. */
    static final class Buffer {
        final MemorySegment memory;

        @Nullable
        CudaMark busy;

        /** Which bytes of a copy from the GPU it has. */
        long begin;

        long end;

        private Buffer(MemorySegment memory) {
            this.memory = memory;
        }
    }

    /** Two buffers. */
    record Pair(Buffer first, Buffer second) {
        /** They take turns. */
        Buffer turn(long number) {
            return number % 2 == 0 ? first : second;
        }
    }

    StagingPool(CudaContext context) {
        this.context = context;
    }

    Pair take() throws DeviceException {
        synchronized (this) {
            Pair pair = idle.poll();
            if (pair != null) {
                return pair;
            }
        }
        MemorySegment memory;
        synchronized (this) {
            context.requireUsable();
            memory = arena.allocate(2L * BUFFER_BYTES, PAGE_BYTES);
        }
        try {
            context.call(() -> {
                DriverMemory.register(memory.address(), memory.byteSize());
                synchronized (this) {
                    registered.add(memory);
                }
            });
        } catch (DeviceException e) {
            context.requireUsable();
            tellOnce(e);
        }
        return new Pair(
                new Buffer(memory.asSlice(0, BUFFER_BYTES)), new Buffer(memory.asSlice(BUFFER_BYTES, BUFFER_BYTES)));
    }

    private static void tellOnce(DeviceException e) {
        if (TOLD.compareAndSet(false, true)) {
            LOG.log(
                    Level.WARNING,
                    "copies are slow, because the driver can''t pin even {0} bytes: {1} (see ulimit -l)",
                    Long.toString(2L * BUFFER_BYTES),
                    e.getMessage());
        }
    }

    synchronized void giveBack(Pair pair) {
        idle.add(pair);
    }

    /** With the context current, and nobody else in the driver: it is about to be destroyed. */
    synchronized void close() {
        for (MemorySegment memory : registered) {
            try {
                DriverMemory.unregister(memory.address());
            } catch (DeviceException e) {
                return; // in a broken context: the memory stays, rather than be given to others with a GPU that may
                // write it
            }
        }
        registered.clear();
        arena.close();
    }
}
