package org.v4vgpu.device.cuda;

import org.v4vgpu.device.DeviceException;

/**
 * One record of an event: done when the work before it in its stream is. Safe for any thread.
 *
 * <p>An event of the driver that is recorded again forgets its earlier record; ours don't, because each record has an event of the
 * driver's of its own, lent by an {@link EventPool} until the record is done and nobody can ask for its time any more.
 */
final class CudaMark {
    private final EventPool pool;
    private final boolean isTimed;

    // SYNC: mark-done. Once true it stays.
    private volatile boolean done;

    // Guarded by this. 0 before the record and after the event has gone back.
    private long event;
    private boolean recorded;

    CudaMark(EventPool pool, boolean isTimed) {
        this.pool = pool;
        this.isTimed = isTimed;
    }

    boolean isTimed() {
        return isTimed;
    }

    /** Hands the record to the driver; once. With the context current. */
    void record(long stream) throws DeviceException {
        long lent = pool.take(isTimed); // before the lock: the pool looks at other marks
        synchronized (this) {
            event = lent;
            DriverStreams.record(lent, stream);
            recorded = true;
        }
    }

    /** Whether the work before it is done; false also before it is recorded. With the context current. */
    boolean isDone() throws DeviceException {
        if (done) {
            return true;
        }
        synchronized (this) {
            if (!done && recorded) {
                done = DriverStreams.isDone(event);
            }
            return done;
        }
    }

    /** What is enqueued in a stream from now on waits for it. It has been recorded. With the context current. */
    synchronized void delay(long stream) throws DeviceException {
        if (!done) {
            DriverStreams.waitEvent(stream, event);
        }
    }

    /** Gives the event back if it is done. Returns 0 if it is not yet. With the context current. */
    synchronized long giveBack() throws DeviceException {
        if (!isDone()) {
            return 0;
        }
        long back = event;
        event = 0;
        return back;
    }

    /** Milliseconds since another one; both are done and lent to. */
    float since(CudaMark start) throws DeviceException {
        return DriverStreams.elapsedMillis(start.lent(), lent());
    }

    private synchronized long lent() {
        return event;
    }
}
