package org.v4vgpu.device.software;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.OrderedWork;

/**
 * One piece of work in a stream: it runs once, when all operations that it follows are over. Its links are guarded by the lock of
 * its {@link Scheduler}; {@link #isOver()} is safe for any thread.
 */
abstract class Operation extends OrderedWork<Operation> {
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

    /** Guarded by the scheduler's lock. */
    @Nullable
    StreamQueue queue;

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

    @Override
    protected final Operation self() {
        return this;
    }
}
