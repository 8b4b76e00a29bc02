package org.v4vgpu.device.cuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * One stream: what waits before the driver, and how far the driver has come with what it has. All methods are called with the lock of
 * the {@link IssueOrder} held, those that throw with the context current.
 */
final class StreamQueue {
    /** How a stream orders itself with the others of its context. */
    enum Kind {
        /** The legacy default stream: waits for all blocking streams, and they for it. */
        DEFAULT,
        BLOCKING,
        /** CU_STREAM_NON_BLOCKING: ignores the default stream. */
        NON_BLOCKING
    }

    /** Unfinished operations beyond which whoever enqueues more is to wait. */
    static final int CAPACITY = 1024;

    /** The driver says how far it is for this many operations at a time. */
    private static final int STEP = 256;

    final Kind kind;
    private final long handle;
    private final EventPool events;

    /** The last operation that was put in the queue. */
    @Nullable
    StreamOperation tail;

    private boolean isDestroyed;

    /** Behind the stream's destruction, once that is enqueued. */
    private @Nullable CudaMark last;

    private @Nullable CudaMark destroying;

    private int waiting;
    private long issued;
    private long completed;

    /** Behind the newest work for which somebody asked, and how much that is. */
    private @Nullable CudaMark latest;

    private long latestIssued;

    private @Nullable CudaMark step;
    private long stepIssued;

    /** Behind what waits, and the operation that it is behind. */
    private @Nullable CudaMark pending;

    private @Nullable StreamOperation pendingTail;

    StreamQueue(Kind kind, long handle, EventPool events) {
        this.kind = kind;
        this.handle = handle;
        this.events = events;
    }

    /** The driver's stream; 0 for the legacy default stream. */
    long handle() {
        return handle;
    }

    void requireOpen() throws DeviceException {
        if (last != null) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the stream is destroyed");
        }
    }

    /** Whether another stream's later work waits for this one's earlier work. */
    boolean isBefore(StreamQueue later) {
        return switch (later.kind) {
            case DEFAULT -> kind == Kind.BLOCKING;
            case BLOCKING -> kind == Kind.DEFAULT;
            case NON_BLOCKING -> false;
        };
    }

    void append(StreamOperation operation) {
        operation.waitsIn = this;
        tail = operation;
        waiting++;
    }

    /** An operation's turn has passed. */
    void remove() {
        waiting--;
    }

    /** One more operation is the driver's. */
    void countIssued() throws DeviceException {
        issued++;
        if (issued - completed >= STEP) {
            noteProgress();
        }
    }

    /** Operations that wait or run; up to {@link #STEP} that are done may count as well. */
    int unfinished() throws DeviceException {
        if (waiting + issued - completed > CAPACITY / 2) {
            noteProgress();
        }
        return (int) Math.min(Integer.MAX_VALUE, waiting + issued - completed);
    }

    /** Behind everything that the stream holds now; null if that is nothing. */
    @Nullable
    CudaMark mark() throws DeviceException {
        if (last != null) {
            return isDestroyed && last.isDone() ? null : last;
        }
        StreamOperation behind = tail;
        return behind == null || behind.isOver() ? markIssued() : markWaiting(behind);
    }

    @SuppressWarnings("ReferenceEquality") // the very operation
    private CudaMark markWaiting(StreamOperation behind) {
        CudaMark known = pending;
        if (known != null && pendingTail == behind) {
            return known;
        }
        CudaMark mark = newMark();
        StreamOperation record = new StreamOperation() {
            @Override
            void issue() throws DeviceException {
                mark.record(handle);
            }
        };
        record.follow(behind);
        pending = mark;
        pendingTail = behind;
        return mark;
    }

    /** Behind everything that the driver has of the stream; null if it is through with that. */
    @Nullable
    CudaMark markIssued() throws DeviceException {
        if (isDestroyed) {
            return mark();
        }
        noteProgress();
        if (issued == completed) {
            return null;
        }
        if (latest == null || latestIssued < issued) {
            latest = record();
            latestIssued = issued;
        }
        return latest;
    }

    /** The stream takes no more. Returns what is to be enqueued last: it destroys the driver's stream, and what that holds still runs. */
    StreamOperation destruction() {
        CudaMark end = newMark();
        StreamOperation destruction = new StreamOperation() {
            @Override
            void issue() throws DeviceException {
                end.record(handle);
                isDestroyed = true;
                DriverStreams.destroy(handle);
            }
        };
        destroying = end;
        return destruction;
    }

    /** The destruction is enqueued. */
    void closed() {
        last = destroying;
    }

    boolean isClosed() {
        return last != null;
    }

    /** Whether nothing is left of a stream that is closed. */
    boolean isSpent() throws DeviceException {
        return last != null && mark() == null;
    }

    /** Looks how far the driver is. */
    void noteProgress() throws DeviceException {
        if (latest != null && latestIssued > completed && latest.isDone()) {
            completed = latestIssued;
        }
        if (step != null && (stepIssued <= completed || step.isDone())) {
            completed = Math.max(completed, stepIssued);
            step = null;
        }
        if (step == null && issued - completed >= STEP && !isDestroyed && (latest == null || latestIssued < issued)) {
            step = record();
            stepIssued = issued;
        }
    }

    private CudaMark record() throws DeviceException {
        CudaMark mark = newMark();
        mark.record(handle);
        return mark;
    }

    private CudaMark newMark() {
        CudaMark mark = new CudaMark(events, false);
        events.retire(mark);
        return mark;
    }
}
