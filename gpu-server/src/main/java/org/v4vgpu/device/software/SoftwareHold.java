package org.v4vgpu.device.software;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceHold;

/** A point where a stream of the software device waits for the host. Safe for any thread. */
final class SoftwareHold extends Operation implements DeviceHold {
    private final Scheduler scheduler;
    private final Runnable reached;

    // SYNC: hold-reached. Written under the scheduler's lock.
    private volatile boolean arrived;

    // Guarded by the scheduler's lock.
    private boolean abandoned;

    SoftwareHold(Scheduler scheduler, Runnable reached) {
        super(Kind.HELD);
        this.scheduler = scheduler;
        this.reached = reached;
    }

    @Override
    public boolean isReached() throws DeviceException {
        boolean here = arrived;
        scheduler.requireUsable();
        return here;
    }

    @Override
    public void close() {
        scheduler.finishHeld(this);
    }

    @Override
    void run() {
        throw new IllegalStateException("a hold has nothing to run");
    }

    @Override
    boolean arrive() {
        if (!abandoned && !arrived) {
            arrived = true;
            reached.run();
        }
        return arrived;
    }

    @Override
    boolean giveUp() {
        abandoned = true;
        return arrived;
    }
}
