package org.v4vgpu.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * One piece of work in a stream's queue before the driver: handed over once, when everything it follows has been. Its links are guarded
 * by the lock of its {@link IssueOrder}.
 */
abstract class StreamOperation {
    /** Its turn has passed: it was handed over, or dropped. SYNC: operation-passed. */
    private volatile boolean passed;

    /** Which stream counts it; null for what is not work. Guarded by the order's lock. */
    @Nullable
    StreamQueue waitsIn;

    private int predecessors;
    private @Nullable List<StreamOperation> followers;

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

    final boolean hasPassed() {
        return passed;
    }

    /** This one's turn comes after the other's. */
    final void follow(@Nullable StreamOperation other) {
        if (other == null || other.passed) {
            return;
        }
        if (other.followers == null) {
            other.followers = new ArrayList<>(2);
        }
        other.followers.add(this);
        predecessors++;
    }

    final boolean isReady() {
        return predecessors == 0;
    }

    /** Its turn is over; adds to {@code ready} whom it held up last. */
    final void pass(Queue<StreamOperation> ready) {
        passed = true;
        if (followers == null) {
            return;
        }
        for (StreamOperation follower : followers) {
            follower.predecessors--;
            if (follower.predecessors == 0) {
                ready.add(follower);
            }
        }
        followers = null;
    }
}
