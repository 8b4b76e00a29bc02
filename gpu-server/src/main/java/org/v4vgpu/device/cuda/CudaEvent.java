package org.v4vgpu.device.cuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/** An event of a GPU: its latest record counts. Safe for any thread. */
final class CudaEvent implements DeviceEvent {
    private static final int BLOCKING_SYNC = 1;
    private static final int DISABLE_TIMING = 2;
    private static final int INTERPROCESS = 4;

    private final CudaContext context;
    private final boolean isTimed;

    // Guarded by this.
    private @Nullable Recording latest;
    private boolean closed;

    private CudaEvent(CudaContext context, boolean isTimed) {
        this.context = context;
        this.isTimed = isTimed;
    }

    static CudaEvent create(CudaContext context, int flags) throws DeviceException {
        if ((flags & INTERPROCESS) != 0) {
            throw new DeviceException(CudaStatus.NOT_SUPPORTED, "events between processes (CU_EVENT_INTERPROCESS)");
        }
        if ((flags & ~(BLOCKING_SYNC | DISABLE_TIMING)) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "event flags 0x" + Integer.toHexString(flags));
        }
        return new CudaEvent(context, (flags & DISABLE_TIMING) == 0);
    }

    /** The event as one of a context's; INVALID_HANDLE if it is another's or destroyed. */
    static CudaEvent of(DeviceEvent event, CudaContext context) throws DeviceException {
        if (!(event instanceof CudaEvent own) || own.context != context) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the event is not of this context");
        }
        own.latest(); // refuses a destroyed one
        return own;
    }

    /** A record of an event in a stream's order. */
    static final class Recording extends StreamOperation {
        private final CudaMark mark;
        private final StreamQueue target;

        private Recording(CudaMark mark, StreamQueue target) {
            this.mark = mark;
            this.target = target;
        }

        CudaMark mark() {
            return mark;
        }

        @Override
        void issue() throws DeviceException {
            mark.record(target.handle());
        }
    }

    @Override
    public boolean isDone() throws DeviceException {
        Recording record = latest();
        return record == null || context.answer(record.mark::isDone);
    }

    @Override
    public DeviceWork recorded() throws DeviceException {
        Recording record = latest();
        return timeoutNanos -> CompletionWait.until(
                () -> {
                    context.requireUsable();
                    return record == null || context.answer(record.mark::isDone);
                },
                timeoutNanos);
    }

    @Override
    public float elapsedMillis(DeviceEvent start) throws DeviceException {
        CudaMark from = CudaEvent.of(start, context).timedMark();
        CudaMark to = timedMark();
        if (!context.answer(from::isDone) || !context.answer(to::isDone)) {
            throw new DeviceException(CudaStatus.NOT_READY, "an event is recorded but not done");
        }
        return context.answer(() -> context.events().elapsedMillis(from, to));
    }

    @Override
    public synchronized void close() {
        closed = true;
        retire();
    }

    /** Its latest record; null if it was never recorded. */
    synchronized @Nullable Recording latest() throws DeviceException {
        context.requireUsable();
        if (closed) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the event is destroyed");
        }
        return latest;
    }

    void recordIn(StreamQueue queue) throws DeviceException {
        Recording record = new Recording(new CudaMark(context.events(), isTimed), queue);
        context.order().enqueue(queue, record, null);
        synchronized (this) {
            retire();
            latest = record;
        }
    }

    /** Nobody asks for the time of the latest record any more. */
    private void retire() {
        if (latest != null) {
            context.events().retire(latest.mark);
            latest = null;
        }
    }

    private CudaMark timedMark() throws DeviceException {
        Recording record = latest();
        if (record == null || !isTimed) {
            throw new DeviceException(
                    CudaStatus.INVALID_HANDLE, isTimed ? "an event was never recorded" : "an event has no timing");
        }
        return record.mark;
    }
}
