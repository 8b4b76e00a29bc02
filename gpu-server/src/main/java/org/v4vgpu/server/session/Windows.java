package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.WindowPartner;

/**
 * The client's memory that its session has mapped, by the handles that the client was told. Safe for any thread.
 *
 * <p>The client may write a window at any time, so its bytes are moved and never judged. It can't take the memory away: that is what
 * {@link WindowPartner#open} checks, and a mapping that is closed here refuses the accesses of whoever still uses it.
 */
final class Windows implements AutoCloseable {
    /** A session's: each is a mapping, of which a process has 65530 on Linux. */
    private static final int MOST_OF_A_SESSION = 1024;

    /** Of all sessions together. */
    private static final int MOST = 16 * MOST_OF_A_SESSION;

    /** All sessions together may have so many times what one may. */
    private static final int SESSIONS_WORTH = 4;

    private static final long PAGE_BYTES = 4096;

    private final WindowBudget own;
    private final WindowBudget common;
    private final List<Device> devices;
    private final AtomicLong last = new AtomicLong();
    private final Map<Long, Mapped> windows = new ConcurrentHashMap<>();

    /** Guarded by this. */
    private boolean closed;

    /** A window, what the budgets were charged for it (its memory may be longer), and what devices made of it. */
    record Mapped(Window window, long charged, List<DeviceRegion> regions) {
        MemorySegment memory() {
            return window.memory();
        }
    }

    /** @param devices are told of each window, so that a GPU copies from and to it without a stop */
    Windows(SessionLimits limits, WindowBudget common, List<Device> devices) {
        this.own = new WindowBudget("the session", limits.windowBytes(), MOST_OF_A_SESSION);
        this.common = common;
        this.devices = devices;
    }

    /** What all sessions share. */
    static WindowBudget commonBudget(SessionLimits limits) {
        long worth = Math.min(limits.windowBytes(), Long.MAX_VALUE / SESSIONS_WORTH);
        return new WindowBudget("all clients together", worth * SESSIONS_WORTH, MOST);
    }

    /**
     * Maps what the client shares.
     *
     * @return its handle, never 0
     * @throws IOException why not
     */
    long open(WindowPartner client, long name, long bytes) throws IOException {
        if (bytes <= 0 || bytes > Long.MAX_VALUE - PAGE_BYTES) {
            throw new IOException("a window of " + Long.toUnsignedString(bytes) + " bytes");
        }
        long charged = (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
        own.take(charged);
        try {
            common.take(charged);
        } catch (IOException e) {
            own.giveBack(charged);
            throw e;
        }
        boolean added = false;
        try {
            long handle = last.incrementAndGet();
            add(handle, client.open(name, charged), charged);
            added = true;
            return handle;
        } finally {
            if (!added) {
                giveBack(charged);
            }
        }
    }

    /** Takes ownership of the window, which is closed if this throws. */
    private void add(long handle, Window window, long charged) throws IOException {
        List<DeviceRegion> regions = new ArrayList<>();
        boolean added = false;
        try {
            synchronized (this) {
                if (closed) {
                    throw new IOException("the session has ended");
                }
                devices.forEach(device -> regions.add(device.register(window.memory())));
                windows.put(handle, new Mapped(window, charged, List.copyOf(regions)));
                added = true;
            }
        } finally {
            if (!added) {
                regions.forEach(DeviceRegion::close);
                window.close();
            }
        }
    }

    /** The window of a handle, or null. */
    @Nullable
    Mapped find(long handle) {
        return windows.get(handle);
    }

    /** Takes a window out, for the caller to {@link #unmap} it when nobody uses it any more; null if there is none. */
    @Nullable
    Mapped remove(long handle) {
        return windows.remove(handle);
    }

    /** Undoes {@link #remove}. */
    void putBack(long handle, Mapped mapped) {
        synchronized (this) {
            if (!closed) {
                windows.put(handle, mapped);
                return;
            }
        }
        unmap(mapped);
    }

    /** Unmaps a window that was taken out. */
    void unmap(Mapped mapped) {
        mapped.regions.forEach(DeviceRegion::close);
        mapped.window.close();
        giveBack(mapped.charged);
    }

    /** Bytes that are mapped. */
    long usedBytes() {
        return own.usedBytes();
    }

    /** Unmaps all, and takes no more. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        for (Long handle : List.copyOf(windows.keySet())) {
            Mapped mapped = remove(handle);
            if (mapped != null) {
                unmap(mapped);
            }
        }
    }

    private void giveBack(long bytes) {
        own.giveBack(bytes);
        common.giveBack(bytes);
    }
}
