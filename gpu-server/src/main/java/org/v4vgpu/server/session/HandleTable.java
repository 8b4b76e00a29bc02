package org.v4vgpu.server.session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * A session's handles and what they stand for. Safe for any thread; looking up takes no lock and allocates nothing.
 *
 * <p>A handle is a generation above an index. Generations begin at a random number and never repeat, so that a handle of
 * another session or of something that was destroyed is found invalid and never means something else.
 */
final class HandleTable {
    private static final int INDEX_BITS = 20;
    private static final int INDEX_MASK = (1 << INDEX_BITS) - 1;

    private final int maximum;
    private volatile AtomicReferenceArray<@Nullable Entry> entries = new AtomicReferenceArray<>(64);

    // Guarded by this.
    private final List<Integer> free = new ArrayList<>();
    private long generation;
    private int used;
    private boolean closed;

    private record Entry(long handle, Resource resource) {}

    /**
     * @param maximum handles at a time, less than 2^20
     * @param firstGeneration random, positive
     */
    HandleTable(int maximum, int firstGeneration) {
        this.maximum = Math.min(maximum, INDEX_MASK);
        this.generation = firstGeneration;
    }

    /**
     * Gives a resource its handle; never 0, 1 or 2.
     *
     * @throws DeviceException if the session has as many as it may, or has ended; the caller closes the resource then
     */
    synchronized long add(Resource resource) throws DeviceException {
        if (closed) {
            throw new DeviceException(CudaStatus.DEINITIALIZED, "the session has ended");
        }
        int index;
        if (!free.isEmpty()) {
            index = free.removeLast();
        } else if (used < maximum) {
            index = used++;
            if (index == entries.length()) {
                grow();
            }
        } else {
            throw new DeviceException(CudaStatus.OUT_OF_MEMORY, "the session has " + maximum + " handles, its maximum");
        }
        long handle = ++generation << INDEX_BITS | index;
        entries.set(index, new Entry(handle, resource));
        return handle;
    }

    /** What a handle stands for, or null. */
    @Nullable Resource find(long handle) {
        AtomicReferenceArray<@Nullable Entry> table = entries;
        int index = (int) handle & INDEX_MASK;
        Entry entry = index < table.length() ? table.getAcquire(index) : null;
        return entry != null && entry.handle == handle ? entry.resource : null;
    }

    /** Takes a resource out. Returns false if another thread did so before. */
    synchronized boolean remove(long handle) {
        if (find(handle) == null) {
            return false;
        }
        int index = (int) handle & INDEX_MASK;
        entries.set(index, null);
        free.add(index);
        return true;
    }

    /** Takes out everything of a kind. */
    synchronized List<Resource> removeIf(Predicate<Resource> condition) {
        List<Resource> removed = new ArrayList<>();
        for (int i = 0; i < used; i++) {
            Entry entry = entries.get(i);
            if (entry != null && condition.test(entry.resource)) {
                remove(entry.handle);
                removed.add(entry.resource);
            }
        }
        return removed;
    }

    /** The session's contexts. */
    synchronized List<Resource.Context> contexts() {
        List<Resource.Context> contexts = new ArrayList<>();
        for (int i = 0; i < used; i++) {
            Entry entry = entries.get(i);
            if (entry != null && entry.resource instanceof Resource.Context context) {
                contexts.add(context);
            }
        }
        return contexts;
    }

    /** Refuses further resources from now on. */
    synchronized void close() {
        closed = true;
    }

    private void grow() {
        AtomicReferenceArray<@Nullable Entry> larger = new AtomicReferenceArray<>(2 * entries.length());
        for (int i = 0; i < entries.length(); i++) {
            larger.set(i, entries.get(i));
        }
        entries = larger;
    }
}
