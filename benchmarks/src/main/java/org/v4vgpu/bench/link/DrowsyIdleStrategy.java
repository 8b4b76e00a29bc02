package org.v4vgpu.bench.link;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * Idles as another strategy does, and hardly ever looks once that has lasted for long: between its turns Aeron must not take processor
 * time from those whose turn it is. Confined to a thread.
 */
final class DrowsyIdleStrategy implements IdleStrategy {
    /** Longer than anything in a turn makes an end wait. */
    private static final long DROWSY_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Short beside the settling with which a turn begins. */
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    private final IdleStrategy awake;
    private long idleSince;

    DrowsyIdleStrategy(IdleStrategy awake) {
        this.awake = awake;
    }

    @Override
    public void idle(int workCount) {
        if (workCount > 0) {
            reset();
        } else {
            idle();
        }
    }

    @Override
    public void idle() {
        if (idleSince == 0) {
            idleSince = System.nanoTime();
        }
        if (System.nanoTime() - idleSince > DROWSY_AFTER_NANOS) {
            LockSupport.parkNanos(NAP_NANOS);
        } else {
            awake.idle();
        }
    }

    @Override
    public void reset() {
        idleSince = 0;
        awake.reset();
    }
}
