package org.v4vgpu.device.software;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * One piece of work in a stream: it runs once, when all operations that it follows are done. Its links are guarded by the lock of
 * its {@link Scheduler}; {@link #isDone()} is safe for any thread.
 */
abstract class Operation {
    /** Who runs an operation. */
    enum Kind {
        /** Takes no time: runs under the scheduler's lock, on whichever thread finds it ready. */
        MARK,
        /** Takes microseconds: runs on the enqueuing thread if nothing is before it, else on a runner. */
        SHORT,
        /** May take forever: runs on a runner, never on a thread that called in. */
        LONG,
        /** Runs on its owner's thread, who says when it is done: a copy between host and device. */
        HELD
    }

    final Kind kind;

    // SYNC: operation-done. Written under the scheduler's lock after the work; read without it by who waits.
    private volatile boolean done;

    // Guarded by the scheduler's lock.
    @Nullable
    StreamQueue queue;

    private int predecessors;
    private @Nullable List<Operation> followers;

    Operation(Kind kind) {
        this.kind = kind;
    }

    /** Does the work. A kernel's fault is thrown; nothing else may be. */
    abstract void run() throws DeviceException;

    /** Makes {@link #run} end soon, if it runs or when it will. Called under the scheduler's lock. */
    void cancel() {}

    /** A held operation may go ahead. Returns false if its owner has given it up. Called under the scheduler's lock. */
    boolean arrive() {
        return false;
    }

    /** The owner of a held operation is through with it, or has given it up. As {@link #arrive}; returns whether it is over now. */
    boolean giveUp() {
        return false;
    }

    final boolean isDone() {
        return done;
    }

    /** This operation will wait for {@code other}. */
    final void follow(@Nullable Operation other) {
        if (other == null || other.done) {
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

    /** Ends the operation and adds to {@code ready} whom it held up last. */
    final void finish(Queue<Operation> ready) {
        done = true;
        if (followers == null) {
            return;
        }
        // An operation may be in the list twice, by its stream and by an event.
        for (Operation follower : followers) {
            follower.predecessors--;
            if (follower.predecessors == 0) {
                ready.add(follower);
            }
        }
        followers = null;
    }
}
