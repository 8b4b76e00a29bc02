package org.v4vgpu.device.cuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.OrderedWork;

/**
 * One piece of work in a stream's queue before the driver: handed over once, when everything it follows has been; then, or when it is dropped, it is over. Its links are guarded
 * by the lock of its {@link IssueOrder}.
 */
abstract class StreamOperation extends OrderedWork<StreamOperation> {
    /** Which stream counts it; null for what is not work. Guarded by the order's lock. */
    @Nullable
    StreamQueue waitsIn;

    /** Hands the work to the driver. With the order's lock held and the context current. */
    abstract void issue() throws DeviceException;

    /** Whether the stream stops behind it until {@link IssueOrder#finish}. */
    boolean holds() {
        return false;
    }

    /** Whether a held operation's owner has given it up before its turn came. */
    boolean isGivenUp() {
        return false;
    }

    @Override
    protected final StreamOperation self() {
        return this;
    }
}
