package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.runtime.cudaEvent_t;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.RemoteEvent;

/** Streams and events of the runtime API. Safe for any thread. */
final class RuntimeStreams {
    private RuntimeStreams() {}

    static void cudaStreamCreate(cudaStream_t stream) {
        create(mandatory(stream, "stream", "cudaStreamCreate"), 0, 0);
    }

    static void cudaStreamCreateWithFlags(cudaStream_t stream, int flags) {
        create(mandatory(stream, "stream", "cudaStreamCreateWithFlags"), flags, 0);
    }

    static void cudaStreamCreateWithPriority(cudaStream_t stream, int flags, int priority) {
        create(mandatory(stream, "phStream", "cudaStreamCreateWithPriority"), flags, priority);
    }

    private static void create(cudaStream_t stream, int flags, int priority) {
        JCudaFields.setNativePointer(
                stream, Handles.of(CurrentContext.ofRuntime().createStream(flags, priority)));
    }

    static void cudaStreamGetPriority(@Nullable cudaStream_t stream, int[] priority) {
        mandatory(priority, "priority", "cudaStreamGetPriority")[0] =
                Streams.of(stream, CurrentContext.ofRuntime()).priority();
    }

    static void cudaStreamGetFlags(@Nullable cudaStream_t stream, int[] flags) {
        mandatory(flags, "flags", "cudaStreamGetFlags")[0] =
                Streams.of(stream, CurrentContext.ofRuntime()).flags();
    }

    static void cudaStreamGetId(@Nullable cudaStream_t stream, long[] id) {
        mandatory(id, "streamId", "cudaStreamGetId")[0] = Handles.of(Streams.of(stream, CurrentContext.ofRuntime()));
    }

    static void cudaDeviceGetStreamPriorityRange(int @Nullable [] least, int @Nullable [] greatest) {
        CurrentContext.ofRuntime();
        DriverStreams.cuCtxGetStreamPriorityRange(least, greatest);
    }

    static void cudaStreamDestroy(cudaStream_t stream) {
        Streams.destroyStream(stream);
    }

    static void cudaStreamWaitEvent(@Nullable cudaStream_t stream, cudaEvent_t event, int flags) {
        RemoteEvent awaited = Streams.event(mandatory(event, "event", "cudaStreamWaitEvent"));
        Streams.requireNoFlags(flags, "event wait");
        Streams.of(stream, CurrentContext.ofRuntime()).waitFor(awaited);
    }

    static void cudaStreamSynchronize(@Nullable cudaStream_t stream) {
        Streams.synchronize(Streams.of(stream, CurrentContext.ofRuntime()));
    }

    static int cudaStreamQuery(@Nullable cudaStream_t stream) {
        return Streams.status(Streams.of(stream, CurrentContext.ofRuntime()).isDone());
    }

    static void cudaEventCreate(cudaEvent_t event) {
        create(mandatory(event, "event", "cudaEventCreate"), 0);
    }

    static void cudaEventCreateWithFlags(cudaEvent_t event, int flags) {
        create(mandatory(event, "event", "cudaEventCreateWithFlags"), flags);
    }

    private static void create(cudaEvent_t event, int flags) {
        JCudaFields.setNativePointer(
                event, Handles.of(CurrentContext.ofRuntime().createEvent(flags)));
    }

    static void cudaEventRecord(cudaEvent_t event, @Nullable cudaStream_t stream) {
        RemoteEvent recorded = Streams.event(mandatory(event, "event", "cudaEventRecord"));
        recorded.record(Streams.of(stream, recorded, CurrentContext::ofRuntime));
    }

    static void cudaEventRecordWithFlags(cudaEvent_t event, @Nullable cudaStream_t stream, int flags) {
        mandatory(event, "event", "cudaEventRecordWithFlags");
        Streams.requireNoFlags(flags, "event record");
        cudaEventRecord(event, stream);
    }

    static int cudaEventQuery(cudaEvent_t event) {
        return Streams.status(
                Streams.event(mandatory(event, "event", "cudaEventQuery")).isDone());
    }

    static void cudaEventSynchronize(cudaEvent_t event) {
        Streams.synchronize(Streams.event(mandatory(event, "event", "cudaEventSynchronize")));
    }

    static void cudaEventDestroy(cudaEvent_t event) {
        Streams.destroyEvent(mandatory(event, "event", "cudaEventDestroy"));
    }

    static void cudaEventElapsedTime(float[] millis, cudaEvent_t start, cudaEvent_t end) {
        RemoteEvent from = Streams.event(mandatory(start, "start", "cudaEventElapsedTime"));
        RemoteEvent to = Streams.event(mandatory(end, "end", "cudaEventElapsedTime"));
        mandatory(millis, "ms", "cudaEventElapsedTime")[0] = to.millisSince(from);
    }
}
