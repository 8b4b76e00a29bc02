package org.v4vgpu.server.session;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CudaStatus;

/**
 * The call that a lane executes, as its handler sees it: the session's things by their handles, the payload, waiting. Confined
 * to the lane's thread; one object per lane, used again for each call.
 */
final class LaneCall {
    /** How often a waiting lane looks after its client. */
    static final long TICK_NANOS = 50_000_000L;

    /** How often a lane that waits for space looks whether another one waits for it. */
    private static final long SPACE_TICK_NANOS = 5_000_000L;

    /** Beyond this a full stream blocks the session's other lanes as well: what it holds is memory of the server. */
    private static final int MOST_UNFINISHED = 64 * 1024;

    private static final long LEGACY_STREAM = 1;
    private static final long PER_THREAD_STREAM = 2;

    private final Lane lane;
    private final RequestPayload payload;

    private int number;
    private long sequence;
    private boolean issued;
    private boolean replied;
    private boolean printed;
    private CudaStatus status = CudaStatus.SUCCESS;

    LaneCall(Lane lane) {
        this.lane = lane;
        this.payload = new RequestPayload(lane);
    }

    void begin(int callNumber, long callSequence) {
        number = callNumber;
        sequence = callSequence;
        issued = false;
        replied = false;
        printed = false;
        status = CudaStatus.SUCCESS;
    }

    // ---- what the call is about

    Session session() {
        return lane.session();
    }

    Lane lane() {
        return lane;
    }

    RequestPayload payload() {
        return payload;
    }

    long payloadBytes() {
        return payload.totalBytes();
    }

    /** @throws DeviceException INVALID_CONTEXT */
    Resource.Context context(long handle) throws DeviceException {
        if (session().handles().find(handle) instanceof Resource.Context context) {
            return context;
        }
        throw new DeviceException(CudaStatus.INVALID_CONTEXT, "no context with the handle " + handle);
    }

    /** @throws DeviceException INVALID_HANDLE */
    Resource.Module module(long handle) throws DeviceException {
        if (session().handles().find(handle) instanceof Resource.Module module) {
            return module;
        }
        throw new DeviceException(CudaStatus.INVALID_HANDLE, "no module with the handle " + handle);
    }

    /** @throws DeviceException INVALID_HANDLE */
    Resource.Function function(long handle) throws DeviceException {
        if (session().handles().find(handle) instanceof Resource.Function function) {
            return function;
        }
        throw new DeviceException(CudaStatus.INVALID_HANDLE, "no function with the handle " + handle);
    }

    /** @throws DeviceException INVALID_HANDLE */
    Resource.Event event(long handle) throws DeviceException {
        if (session().handles().find(handle) instanceof Resource.Event event) {
            return event;
        }
        throw new DeviceException(CudaStatus.INVALID_HANDLE, "no event with the handle " + handle);
    }

    /** A stream that has a handle. @throws DeviceException INVALID_HANDLE, also for the default streams */
    Resource.Stream namedStream(long handle) throws DeviceException {
        if (session().handles().find(handle) instanceof Resource.Stream stream) {
            return stream;
        }
        throw new DeviceException(CudaStatus.INVALID_HANDLE, "no stream with the handle " + handle);
    }

    /** A stream of a context, one of its default streams among them. */
    DeviceStream stream(long contextHandle, long handle) throws DeviceException {
        Resource.Context context = context(contextHandle);
        if (handle == 0 || handle == LEGACY_STREAM) {
            return context.device().defaultStream();
        }
        if (handle == PER_THREAD_STREAM) {
            return context.perThreadStream(lane);
        }
        Resource.Stream stream = namedStream(handle);
        if (stream.context() != context) {
            throw new DeviceException(
                    CudaStatus.INVALID_HANDLE, "stream " + handle + " is not one of context " + contextHandle);
        }
        return stream.device();
    }

    // ---- what becomes of it

    /** The call is issued: those behind it may go on, whatever this one still waits for. Idempotent. */
    void issued() {
        if (!issued) {
            issued = true;
            lane.leaveGate(sequence);
        }
    }

    /** Waits, as long as the client lives. The call counts as issued, so the work is what was enqueued before. */
    void await(DeviceWork work) throws DeviceException, IOException {
        issued();
        while (!work.await(TICK_NANOS)) {
            lane.checkPeer();
        }
    }

    /** What is to be waited for, which a broken context does not tell. */
    interface Awaited {
        DeviceWork work() throws DeviceException;
    }

    /** Waits as {@link #await}; the call synchronises the program with a context, whose text it brings, be it broken. */
    void synchronize(Resource.Context context, Awaited awaited) throws DeviceException, IOException {
        try {
            await(awaited.work());
        } finally {
            flush(context);
        }
    }

    /**
     * The reply says whether the context's kernels have printed anything until now, which the client then takes. Source of when: CUDA C++
     * programming guide, 10.32.3.
     */
    void flush(Resource.Context context) {
        printed = lane.keep(context.device().printed());
    }

    /** The reply's flags beside the usual. */
    int replyFlags() {
        return printed ? CallDescriptor.PRINTED : 0;
    }

    /**
     * Waits until a stream holds no more than its capacity, after the call has enqueued its work: the order stands, and only this
     * lane waits. Should another lane wait for a number that this one has not read yet, the lane goes on beyond the capacity.
     */
    void awaitSpace(DeviceStream stream) throws DeviceException, IOException {
        if (stream.awaitSpace(0)) {
            return;
        }
        issued();
        while (!session().gate().isAwaited() || stream.unfinished() > MOST_UNFINISHED) {
            if (stream.awaitSpace(SPACE_TICK_NANOS)) {
                return;
            }
            lane.checkPeer();
        }
    }

    /** Runs what may take long and can't be asked for its progress on another thread, and waits as {@link #await}. */
    <T> T runAside(String name, Callable<T> work) throws DeviceException, IOException {
        FutureTask<T> task = new FutureTask<>(work);
        Thread.ofPlatform()
                .name(Thread.currentThread().getName() + "-" + name)
                .daemon()
                .start(task);
        try {
            await(timeoutNanos -> {
                try {
                    task.get(timeoutNanos, TimeUnit.NANOSECONDS);
                    return true;
                } catch (TimeoutException e) {
                    return false;
                } catch (ExecutionException e) {
                    return true; // thrown below
                } catch (InterruptedException e) {
                    throw new IllegalStateException("a lane was interrupted", e);
                }
            });
            return task.resultNow();
        } catch (IllegalStateException e) {
            if (task.state() != FutureTask.State.FAILED) {
                throw e;
            }
            switch (task.exceptionNow()) {
                case DeviceException failure -> throw failure;
                case Error failure -> throw failure;
                case Throwable failure -> throw new IllegalStateException(name + " failed", failure);
            }
        }
    }

    /** Gives the reply a status that is no failure of the call ({@code NOT_READY}), or one that has a filled reply beside it. */
    void answer(CudaStatus replyStatus) {
        status = replyStatus;
    }

    CudaStatus status() {
        return status;
    }

    /** Sends a reply without a payload; {@code text} says what went wrong, where the reply has no words of its own. */
    void reply(CudaStatus replyStatus, String text, @Nullable MessageLite message) throws IOException {
        if (message == null && !text.isEmpty()) {
            lane.writer().sendError(number, replyFlags(), sequence, replyStatus, text);
        } else {
            lane.writer().send(number, replyFlags(), sequence, replyStatus, message);
        }
    }

    /** Sends the reply with a payload that the device writes. As {@link ReplyWriter#stream}. */
    void replyFrom(DeviceCopy copy, long bytes) throws IOException, DeviceException {
        CudaStatus end = lane.writer().stream(number, replyFlags(), sequence, copy, bytes);
        replied = true;
        status = end;
    }

    /** Sends the reply with a payload that lies in memory. As {@link ReplyWriter#send}. */
    void replyWith(MessageLite message, MemorySegment payloadOfReply) throws IOException {
        issued();
        payload.finish();
        lane.writer().send(number, sequence, message, payloadOfReply);
        replied = true;
    }

    /** Whether the handler has sent the reply itself. */
    boolean hasReplied() {
        return replied;
    }

    /** The call's name as the table has it. */
    String name() {
        return lane.nameOf(number);
    }

    @Override
    public String toString() {
        return lane.nameOf(number) + " (number " + sequence + ")";
    }
}
