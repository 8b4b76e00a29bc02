package org.v4vgpu.client;

import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.EventDestroyRequest;
import org.v4vgpu.proto.EventElapsedTimeRequest;
import org.v4vgpu.proto.EventQueryRequest;
import org.v4vgpu.proto.EventRecordRequest;
import org.v4vgpu.proto.EventSynchronizeRequest;

/** A mark in a stream, with the time at which the device reached it. Safe for any thread. */
public final class RemoteEvent implements AutoCloseable {
    private final RemoteContext context;
    private final long id;
    private final int flags;
    private final EventSynchronizeRequest synchronize;
    private final EventQueryRequest query;
    private final AtomicBoolean open = new AtomicBoolean(true);

    RemoteEvent(RemoteContext context, long id, int flags) {
        this.context = context;
        this.id = id;
        this.flags = flags;
        this.synchronize = EventSynchronizeRequest.newBuilder()
                .setContext(context.id())
                .setEvent(id)
                .build();
        this.query = EventQueryRequest.newBuilder()
                .setContext(context.id())
                .setEvent(id)
                .build();
    }

    public RemoteContext context() {
        return context;
    }

    public int flags() {
        return flags;
    }

    public boolean isOpen() {
        return open.get() && context.isOpen();
    }

    /** Records on the context's default stream. Does not wait. */
    public void record() {
        record(context.defaultStream());
    }

    /** Records on a stream. Does not wait. */
    public void record(RemoteStream stream) {
        lane().post(
                        Call.EVENT_RECORD,
                        EventRecordRequest.newBuilder()
                                .setContext(context.id())
                                .setEvent(id)
                                .setStream(stream.idIn(context))
                                .build());
    }

    /** Records all that was issued in the context, to be waited for, and in no stream's order. Does not wait. */
    void recordWhole() {
        lane().post(
                        Call.EVENT_RECORD,
                        EventRecordRequest.newBuilder()
                                .setContext(context.id())
                                .setEvent(id)
                                .setWholeContext(true)
                                .build());
    }

    /** Waits until the device has reached the last record; returns at once if there is none. */
    public void synchronize() {
        lane().await(Call.EVENT_SYNCHRONIZE, synchronize, Call.EVENT_QUERY, query)
                .orThrow("EventSynchronize");
    }

    /** As {@link #synchronize}, by queries on any lane. */
    Outcome poll() {
        return lane().poll(Call.EVENT_QUERY, query);
    }

    /** Whether the device has reached the last record, or there is none. */
    public boolean isDone() {
        return lane().outcome(Call.EVENT_QUERY, query).orThrowUnlessNotReady("EventQuery");
    }

    /**
     * Milliseconds on the device between two events that were reached.
     *
     * @throws CudaException NOT_READY if one was not reached yet, INVALID_HANDLE if one was never recorded or has no timing
     */
    public float millisSince(RemoteEvent start) {
        return lane().call(
                        Call.EVENT_ELAPSED_TIME,
                        EventElapsedTimeRequest.newBuilder()
                                .setContext(context.id())
                                .setStart(start.idIn(context))
                                .setEnd(id)
                                .build())
                .getMilliseconds();
    }

    /** Destroys the event. Idempotent. */
    @Override
    public void close() {
        if (open.compareAndSet(true, false)
                && context.isOpen()
                && context.session().isOpen()) {
            context.lane()
                    .outcome(
                            Call.EVENT_DESTROY,
                            EventDestroyRequest.newBuilder()
                                    .setContext(context.id())
                                    .setEvent(id)
                                    .build())
                    .orThrow("EventDestroy");
        }
    }

    /** The event's handle, for a call in {@code where}. Events order streams of any context of one session. */
    long idIn(RemoteContext where) {
        lane();
        if (where.session() != context.session()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the event belongs to another server");
        }
        return id;
    }

    private Lane lane() {
        if (!open.get()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the event was destroyed");
        }
        return context.lane();
    }
}
