package org.v4vgpu.device.ptx;

import java.util.function.BooleanSupplier;

/** A flag that ends the kernels that poll it. Safe for any thread. */
public final class Cancellation implements BooleanSupplier {
    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public boolean getAsBoolean() {
        return cancelled;
    }
}
