package org.v4vgpu.device.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/**
 * The device memory of one context: what is allocated, so that no address reaches the driver unchecked, and what is freed behind work
 * that still runs. Safe for any thread.
 *
 * <p>A module counts with the bytes of its image: the driver does not tell what its code and variables take.
 */
final class ContextMemory {
    private final CudaContext context;
    private final ContextPool pool;
    private final PeerCopies peers = new PeerCopies();

    // Guarded by this.
    private final TreeMap<Long, Long> allocations = new TreeMap<>();
    private final TreeMap<Long, Long> globals = new TreeMap<>();
    private final ArrayDeque<Retired> retired = new ArrayDeque<>();
    private @Nullable Thread reclaimer;
    private long usedBytes;
    private boolean isClosed;

    /** Memory that is freed when the work before is done. */
    private record Retired(DeviceWork before, IssueOrder.Step free, long bytes, long sinceNanos) {}

    ContextMemory(CudaContext context) {
        this.context = context;
        this.pool = new ContextPool(context);
    }

    long allocate(long bytes) throws DeviceException {
        checkLength(bytes);
        return allocated(bytes, () -> context.answer(() -> DriverMemory.allocate(bytes)));
    }

    /** For work that comes in a stream from now on, where the driver has pools; else for all. */
    long allocate(long bytes, StreamQueue stream) throws DeviceException {
        if (!pool.isSupported()) {
            return allocate(bytes);
        }
        checkLength(bytes);
        return allocated(bytes, () -> pool.allocate(bytes, stream));
    }

    private long allocated(long bytes, CudaContext.Question<Long> allocation) throws DeviceException {
        long address;
        try {
            address = allocation.ask();
        } catch (DeviceException e) {
            if (!e.status().equals(CudaStatus.OUT_OF_MEMORY)) {
                throw e;
            }
            context.device().trimPools();
            address = allocation.ask();
        }
        synchronized (this) {
            allocations.put(address, bytes);
            usedBytes += bytes;
        }
        return address;
    }

    private void checkLength(long bytes) throws DeviceException {
        context.requireUsable();
        if (bytes <= 0 || bytes > context.device().description().totalBytes()) {
            throw bytes == 0
                    ? new DeviceException(CudaStatus.INVALID_VALUE, "an allocation of 0 bytes")
                    : new DeviceException(
                            CudaStatus.OUT_OF_MEMORY, "an allocation of " + Long.toUnsignedString(bytes) + " bytes");
        }
    }

    /** Frees at once what no work can still use, and the rest when that is done. */
    void free(long address) throws DeviceException {
        freeAfterAll(address, remove(address));
    }

    private void freeAfterAll(long address, long bytes) throws DeviceException {
        releaseAfterAll(
                () -> {
                    pool.forget(address); // first: once it is free the pool may give it again
                    DriverMemory.free(address);
                },
                bytes);
    }

    /** Gives back to the pool what is the pool's, in the order of a stream; the rest as {@link #free(long)}. */
    void free(long address, CudaStream stream) throws DeviceException {
        if (!pool.gave(address)) {
            free(address);
            return;
        }
        long bytes = remove(address);
        if (!peers.unfinished().isEmpty()) {
            freeAfterAll(address, bytes); // one of them may use it, and the stream does not wait for it
            return;
        }
        stream.enqueue(() -> pool.free(address, stream.queue().handle()));
        releaseAfter(context.order().marks(stream.queue()), List.of(), () -> {}, bytes);
    }

    private long remove(long address) throws DeviceException {
        context.requireUsable();
        synchronized (this) {
            Long length = allocations.remove(address);
            if (length == null) {
                throw new DeviceException(
                        CudaStatus.INVALID_VALUE, "0x" + Long.toHexString(address) + " is no allocation");
            }
            return length;
        }
    }

    void trim() {
        pool.trim();
    }

    /** A module is there. */
    synchronized void count(long imageBytes) {
        usedBytes += imageBytes;
    }

    /** Copies between this and other contexts: what they use is freed behind them. */
    PeerCopies peers() {
        return peers;
    }

    /** Releases something when all work that is enqueued now is done. */
    void releaseAfterAll(IssueOrder.Step release, long bytes) throws DeviceException {
        releaseAfter(context.order().marks(null), peers.unfinished(), release, bytes);
    }

    /** Until then the bytes count as used: so a quota holds for what streams have not given back yet. */
    private void releaseAfter(List<CudaMark> before, List<PeerCopy> copies, IssueOrder.Step release, long bytes)
            throws DeviceException {
        CompletionWait.Condition isUnused = () -> PeerCopies.areFinished(copies) && context.areDone(before);
        if (isUnused.holds()) {
            context.call(release);
            synchronized (this) {
                usedBytes -= bytes;
            }
            return;
        }
        synchronized (this) {
            if (isClosed) {
                return;
            }
            DeviceWork work = timeoutNanos -> CompletionWait.until(isUnused, timeoutNanos);
            retired.add(new Retired(work, release, bytes, System.nanoTime()));
            if (reclaimer == null) {
                reclaimer = Thread.ofPlatform()
                        .daemon()
                        .name("reclaim " + context.name())
                        .start(this::reclaim);
            }
        }
    }

    /** Whether something that was freed up to a moment waits; they are freed in their order. */
    synchronized boolean isFreeing(long untilNanos) {
        Retired first = retired.peek();
        return first != null && first.sinceNanos - untilNanos <= 0;
    }

    /** What waits to be freed, each to be waited for. */
    synchronized List<DeviceWork> pending() {
        List<DeviceWork> pending = new ArrayList<>();
        for (Retired each : retired) {
            pending.add(timeoutNanos -> CompletionWait.until(() -> isReleased(each), timeoutNanos));
        }
        return pending;
    }

    synchronized long usedBytes() {
        return usedBytes;
    }

    /** A variable of a module may be copied from and to, and not be freed. */
    synchronized void allow(DeviceGlobal global) {
        globals.put(global.address(), global.bytes());
    }

    /** A module's variable goes with it. */
    synchronized void forbid(DeviceGlobal global) {
        globals.remove(global.address());
    }

    /** @throws DeviceException INVALID_VALUE if the range is not inside one live allocation or variable */
    void checkRange(long address, long bytes) throws DeviceException {
        context.requireUsable();
        synchronized (this) {
            if (bytes != 0 && !isInside(allocations, address, bytes) && !isInside(globals, address, bytes)) {
                throw new DeviceException(
                        CudaStatus.INVALID_VALUE,
                        Long.toUnsignedString(bytes) + " bytes at 0x" + Long.toHexString(address)
                                + " are not inside one allocation");
            }
        }
    }

    /** The context is being destroyed: its memory goes with it. */
    synchronized void close() {
        isClosed = true;
        retired.clear();
    }

    /** As {@link ContextPool#close}. */
    void closePool() {
        pool.close();
    }

    /** The context is destroyed. */
    synchronized void forgetAll() {
        isClosed = true;
        retired.clear();
        allocations.clear();
        globals.clear();
        usedBytes = 0;
    }

    private static boolean isInside(NavigableMap<Long, Long> ranges, long address, long bytes) {
        Map.Entry<Long, Long> range = ranges.floorEntry(address);
        if (range == null || bytes < 0) {
            return false;
        }
        long offset = address - range.getKey();
        return offset <= range.getValue() && bytes <= range.getValue() - offset;
    }

    private boolean isReleased(Retired each) throws DeviceException {
        context.requireUsable();
        synchronized (this) {
            return !retired.contains(each);
        }
    }

    /** Runs on a thread of its own while there is something to free: cuMemFree may wait for later work as well. */
    private void reclaim() {
        try {
            while (true) {
                Retired next;
                synchronized (this) {
                    next = retired.peek();
                    if (next == null) {
                        reclaimer = null;
                        return;
                    }
                }
                if (next.before.await(Long.MAX_VALUE)) {
                    context.call(next.free);
                    synchronized (this) {
                        if (retired.remove(next)) {
                            usedBytes -= next.bytes;
                        }
                    }
                }
            }
        } catch (DeviceException e) {
            close(); // the context is broken or closed: what is left goes with it
        }
    }
}
