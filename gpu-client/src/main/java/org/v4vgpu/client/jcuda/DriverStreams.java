package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUcontext;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.RemoteEvent;

/** Streams and events of the driver API. Safe for any thread. */
final class DriverStreams {
    private DriverStreams() {}

    static void cuStreamCreate(CUstream stream, int flags) {
        mandatory(stream, "phStream", "cuStreamCreate");
        JCudaFields.setNativePointer(stream, Handles.of(CurrentContext.get().createStream(flags, 0)));
    }

    static void cuStreamCreateWithPriority(CUstream stream, int flags, int priority) {
        mandatory(stream, "phStream", "cuStreamCreateWithPriority");
        JCudaFields.setNativePointer(stream, Handles.of(CurrentContext.get().createStream(flags, priority)));
    }

    static void cuStreamGetPriority(@Nullable CUstream stream, int[] priority) {
        mandatory(priority, "priority", "cuStreamGetPriority")[0] =
                Streams.of(stream, CurrentContext.get()).priority();
    }

    static void cuStreamGetFlags(@Nullable CUstream stream, int[] flags) {
        mandatory(flags, "flags", "cuStreamGetFlags")[0] =
                Streams.of(stream, CurrentContext.get()).flags();
    }

    static void cuStreamGetCtx(@Nullable CUstream stream, CUcontext context) {
        JCudaFields.setNativePointer(
                mandatory(context, "pctx", "cuStreamGetCtx"),
                Handles.of(Streams.of(stream, CurrentContext.get()).context()));
    }

    static void cuStreamGetId(@Nullable CUstream stream, long[] id) {
        mandatory(id, "streamId", "cuStreamGetId")[0] = Handles.of(Streams.of(stream, CurrentContext.get()));
    }

    static void cuStreamWaitEvent(@Nullable CUstream stream, CUevent event, int flags) {
        RemoteEvent awaited = Streams.event(mandatory(event, "hEvent", "cuStreamWaitEvent"));
        Streams.requireNoFlags(flags, "event wait");
        Streams.of(stream, CurrentContext.get()).waitFor(awaited);
    }

    static int cuStreamQuery(@Nullable CUstream stream) {
        return Streams.status(Streams.of(stream, CurrentContext.get()).isDone());
    }

    static void cuStreamSynchronize(@Nullable CUstream stream) {
        Streams.synchronize(Streams.of(stream, CurrentContext.get()));
    }

    static void cuStreamDestroy(CUstream stream) {
        Streams.destroyStream(stream);
    }

    static void cuCtxGetStreamPriorityRange(int @Nullable [] least, int @Nullable [] greatest) {
        CurrentContext.get();
        if (least != null) {
            least[0] = 0;
        }
        if (greatest != null) {
            greatest[0] = 0;
        }
    }

    static void cuEventCreate(CUevent event, int flags) {
        mandatory(event, "phEvent", "cuEventCreate");
        JCudaFields.setNativePointer(event, Handles.of(CurrentContext.get().createEvent(flags)));
    }

    static void cuEventRecord(CUevent event, @Nullable CUstream stream) {
        var recorded = Streams.event(mandatory(event, "hEvent", "cuEventRecord"));
        recorded.record(Streams.of(stream, recorded, CurrentContext::get));
    }

    static void cuEventRecordWithFlags(CUevent event, @Nullable CUstream stream, int flags) {
        mandatory(event, "hEvent", "cuEventRecordWithFlags");
        Streams.requireNoFlags(flags, "event record");
        cuEventRecord(event, stream);
    }

    static int cuEventQuery(CUevent event) {
        return Streams.status(
                Streams.event(mandatory(event, "hEvent", "cuEventQuery")).isDone());
    }

    static void cuEventSynchronize(CUevent event) {
        Streams.synchronize(Streams.event(mandatory(event, "hEvent", "cuEventSynchronize")));
    }

    static void cuEventDestroy(CUevent event) {
        Streams.destroyEvent(mandatory(event, "hEvent", "cuEventDestroy"));
    }

    static void cuEventElapsedTime(float[] millis, CUevent start, CUevent end) {
        RemoteEvent from = Streams.event(mandatory(start, "hStart", "cuEventElapsedTime"));
        RemoteEvent to = Streams.event(mandatory(end, "hEnd", "cuEventElapsedTime"));
        mandatory(millis, "pMilliseconds", "cuEventElapsedTime")[0] = to.millisSince(from);
    }
}
