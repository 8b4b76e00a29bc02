package org.v4vgpu.client;

import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.StreamDestroyRequest;
import org.v4vgpu.proto.StreamQueryRequest;
import org.v4vgpu.proto.StreamSynchronizeRequest;
import org.v4vgpu.proto.StreamWaitEventRequest;

/** A queue of work on the device, in order. Safe for any thread. Closing a default stream does nothing. */
public final class RemoteStream implements AutoCloseable {
    /** Handles up to here are CUDA's names for default streams. */
    private static final long LAST_DEFAULT = 2;

    private final RemoteContext context;
    private final long id;
    private final int flags;
    private final int priority;
    private final StreamSynchronizeRequest synchronize;
    private final StreamQueryRequest query;
    private final AtomicBoolean open = new AtomicBoolean(true);

    RemoteStream(RemoteContext context, long id, int flags, int priority) {
        this.context = context;
        this.id = id;
        this.flags = flags;
        this.priority = priority;
        this.synchronize = StreamSynchronizeRequest.newBuilder()
                .setContext(context.id())
                .setStream(id)
                .build();
        this.query = StreamQueryRequest.newBuilder()
                .setContext(context.id())
                .setStream(id)
                .build();
    }

    public RemoteContext context() {
        return context;
    }

    public int flags() {
        return flags;
    }

    public int priority() {
        return priority;
    }

    public boolean isOpen() {
        return open.get() && context.isOpen();
    }

    /** Waits until everything that was issued on this stream is done. @throws CudaException what went wrong with it */
    public void synchronize() {
        await().orThrow("StreamSynchronize");
    }

    /** Whether everything that was issued on this stream is done. @throws CudaException what went wrong with it */
    public boolean isDone() {
        return lane().outcome(Call.STREAM_QUERY, query).orThrowUnlessNotReady("StreamQuery");
    }

    /** Lets what is issued later on this stream wait for an event. Does not wait itself. */
    public void waitFor(RemoteEvent event) {
        waitFor(event, 0);
    }

    /** As {@link #waitFor(RemoteEvent)}, with the flags of cuStreamWaitEvent. */
    public void waitFor(RemoteEvent event, int waitFlags) {
        lane().post(
                        Call.STREAM_WAIT_EVENT,
                        StreamWaitEventRequest.newBuilder()
                                .setContext(context.id())
                                .setStream(id)
                                .setEvent(event.idIn(context))
                                .setFlags(waitFlags)
                                .build());
    }

    /**
     * Lets the stream wait until this program has run a function. Returns when that is enqueued.
     *
     * @throws CudaException DEVICE_UNAVAILABLE if the server grants no lane for host functions
     */
    public void launchHostFunction(HostFunction function) {
        Lane lane = lane();
        context.session().hostFunctions().launch(lane, context.id(), id, function);
    }

    /** Destroys the stream; what was issued on it still runs. Idempotent. */
    @Override
    public void close() {
        if (id > LAST_DEFAULT && open.compareAndSet(true, false)) {
            if (context.isOpen() && context.session().isOpen()) {
                context.lane()
                        .outcome(
                                Call.STREAM_DESTROY,
                                StreamDestroyRequest.newBuilder()
                                        .setContext(context.id())
                                        .setStream(id)
                                        .build())
                        .orThrow("StreamDestroy");
            }
        }
    }

    Outcome await() {
        return lane().await(Call.STREAM_SYNCHRONIZE, synchronize, Call.STREAM_QUERY, query);
    }

    /**
     * On a shared lane: waits by queries for what a new operation of this stream would wait for now, before a call at which the server's
     * side of the lane waits for it and hears none of the lane's other threads until then.
     */
    void awaitOnShared(Lane lane) {
        if (lane.isShared()) {
            context.awaitMark(this).orThrow("EventQuery");
        }
    }

    /** The stream's handle, for a call in {@code where}. A default stream is that of any context. */
    long idIn(RemoteContext where) {
        if (!open.get()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the stream was destroyed");
        }
        if (where != context && id > LAST_DEFAULT) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the stream belongs to another context");
        }
        return id;
    }

    private Lane lane() {
        if (!open.get()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the stream was destroyed");
        }
        return context.lane();
    }
}
