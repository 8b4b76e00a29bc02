package org.v4vgpu.client.jcuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/**
 * The context of a device that the runtime API works in and that cuDevicePrimaryCtxRetain hands out: this process's own, made when
 * it is first wanted. Safe for any thread.
 */
final class PrimaryContext {
    private final RemoteDevice device;

    /** Guarded by this. */
    private @Nullable RemoteContext context;

    /** How often it is retained and not released. Guarded by this. */
    private int holders;

    /** Whether the runtime API holds it too, until cudaDeviceReset. Guarded by this. */
    private boolean usedByRuntime;

    /** For the context that is made next. Guarded by this. */
    private int flags;

    PrimaryContext(RemoteDevice device) {
        this.device = device;
    }

    synchronized RemoteContext retain() {
        RemoteContext retained = ensure();
        holders++;
        return retained;
    }

    synchronized RemoteContext useByRuntime() {
        RemoteContext used = ensure();
        usedByRuntime = true;
        return used;
    }

    synchronized void release() {
        if (holders == 0) {
            throw new CudaException(CudaStatus.INVALID_CONTEXT, "the primary context is not retained");
        }
        holders--;
        if (holders == 0 && !usedByRuntime) {
            destroy();
        }
    }

    /** Destroys it, whoever holds it. */
    synchronized void reset() {
        usedByRuntime = false;
        destroy();
    }

    synchronized boolean isActive() {
        return context != null;
    }

    synchronized int flags() {
        return flags;
    }

    synchronized void setFlags(int flags) {
        this.flags = flags;
    }

    /** Whether this is the primary context of its device. */
    synchronized boolean is(RemoteContext other) {
        return context == other;
    }

    private RemoteContext ensure() {
        RemoteContext existing = context;
        if (existing == null || !existing.isOpen()) {
            existing = device.createContext(flags);
            context = existing;
        }
        return existing;
    }

    private void destroy() {
        RemoteContext destroyed = context;
        context = null;
        if (destroyed != null) {
            destroy(destroyed);
        }
    }

    /** Destroys a context; all handles of what was in it are unknown afterwards. */
    static void destroy(RemoteContext context) {
        try {
            context.close();
        } finally {
            Handles.forgetAllOf(context);
            MirroredMemory.forgetAllOf(context);
        }
    }
}
