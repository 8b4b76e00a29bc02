package org.v4vgpu.device.software;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/** An event of the software device. Safe for any thread. */
final class SoftwareEvent implements DeviceEvent {
    private static final int BLOCKING_SYNC = 1;
    private static final int DISABLE_TIMING = 2;
    private static final int INTERPROCESS = 4;
    private static final double NANOS_PER_MILLI = 1e6;

    private final SoftwareContext context;
    private final boolean timed;

    private volatile @Nullable Mark latest;
    private volatile boolean closed;

    private SoftwareEvent(SoftwareContext context, boolean timed) {
        this.context = context;
        this.timed = timed;
    }

    static SoftwareEvent create(SoftwareContext context, int flags) throws DeviceException {
        if ((flags & INTERPROCESS) != 0) {
            throw new DeviceException(CudaStatus.NOT_SUPPORTED, "events between processes (CU_EVENT_INTERPROCESS)");
        }
        if ((flags & ~(BLOCKING_SYNC | DISABLE_TIMING)) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "event flags 0x" + Integer.toHexString(flags));
        }
        return new SoftwareEvent(context, (flags & DISABLE_TIMING) == 0);
    }

    /** The event as one of a context's; INVALID_HANDLE if it is another's or destroyed. */
    static SoftwareEvent of(DeviceEvent event, SoftwareContext context) throws DeviceException {
        if (!(event instanceof SoftwareEvent own) || own.context != context) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the event is not of this context");
        }
        own.requireOpen();
        return own;
    }

    @Override
    public boolean isDone() throws DeviceException {
        Mark mark = latest;
        boolean done = mark == null || mark.isOver();
        requireOpen();
        return done;
    }

    @Override
    public DeviceWork recorded() throws DeviceException {
        requireOpen();
        Mark mark = latest;
        return timeoutNanos -> context.scheduler().waits().await(mark, timeoutNanos);
    }

    @Override
    public float elapsedMillis(DeviceEvent start) throws DeviceException {
        requireOpen();
        Mark from = SoftwareEvent.of(start, context).timedMark();
        Mark to = timedMark();
        if (!from.isOver() || !to.isOver()) {
            throw new DeviceException(CudaStatus.NOT_READY, "an event is recorded but not done");
        }
        context.scheduler().requireUsable();
        return (float) ((to.nanos - from.nanos) / NANOS_PER_MILLI);
    }

    @Override
    public void close() {
        closed = true;
    }

    /** Its latest record, if it was recorded. */
    @Nullable
    Operation latest() {
        return latest;
    }

    /** Appends a record to a stream. */
    void recordIn(StreamQueue queue) throws DeviceException {
        Mark mark = new Mark();
        context.scheduler().enqueue(queue, mark);
        latest = mark;
    }

    private Mark timedMark() throws DeviceException {
        Mark mark = latest;
        if (mark == null || !timed) {
            throw new DeviceException(
                    CudaStatus.INVALID_HANDLE, timed ? "an event was never recorded" : "an event has no timing");
        }
        return mark;
    }

    private void requireOpen() throws DeviceException {
        context.scheduler().requireUsable();
        if (closed) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the event is destroyed");
        }
    }

    /** The point in a stream where an event was recorded. */
    private static final class Mark extends Operation {
        private volatile long nanos;

        Mark() {
            super(Kind.MARK);
        }

        @Override
        void run() {
            nanos = System.nanoTime();
        }
    }
}
