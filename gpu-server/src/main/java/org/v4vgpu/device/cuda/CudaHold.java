package org.v4vgpu.device.cuda;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceHold;

/**
 * A point where a stream waits for the host. Safe for any thread. The driver calls when the stream comes there; what is enqueued behind it
 * stays on the host until it is closed.
 */
final class CudaHold extends StreamOperation implements DeviceHold {
    private final CudaContext context;
    private final StreamQueue target;
    private final Runnable reached;

    // Guarded by this; `isReached` is also read without.
    private volatile boolean isReached;
    private boolean givenUp;

    CudaHold(CudaContext context, StreamQueue target, Runnable reached) {
        this.context = context;
        this.target = target;
        this.reached = reached;
    }

    @Override
    void issue() throws DeviceException {
        HostCallback.enqueue(target.handle(), this::reach);
    }

    @Override
    boolean holds() {
        return true;
    }

    @Override
    synchronized boolean isGivenUp() {
        return givenUp;
    }

    @Override
    public boolean isReached() throws DeviceException {
        boolean here = isReached;
        context.requireUsable();
        return here;
    }

    @Override
    public void close() {
        context.order().finish(this, this::giveUp);
    }

    private synchronized void giveUp() {
        givenUp = true;
    }

    /** On a thread of the driver. */
    private synchronized void reach() {
        if (!givenUp && !isReached && !context.isBroken()) {
            isReached = true;
            reached.run();
        }
    }
}
