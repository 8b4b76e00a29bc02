package org.v4vgpu.device.ptx;

/** A flag that ends the kernels that poll it. Safe for any thread. */
public final class Cancellation {
    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public boolean isCancelled() {
        return cancelled;
    }
}
