package org.v4vgpu.client.jcuda;

import java.util.function.Supplier;
import jcuda.NativePointerObject;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteEvent;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** The streams and events that handles of either API name; both share one space of numbers. Safe for any thread. */
final class Streams {
    private static final long LEGACY = 1;
    private static final long PER_THREAD = 2;

    /** Handles up to here name default streams. */
    static final long LAST_DEFAULT = PER_THREAD;

    private Streams() {}

    /** The stream that a handle names; null and the numbers up to 2 name default streams of {@code context}. */
    static RemoteStream of(@Nullable NativePointerObject stream, RemoteContext context) {
        long handle = JCudaFields.handle(stream);
        if (handle == 0 || handle == LEGACY) {
            return context.defaultStream();
        }
        return handle == PER_THREAD ? context.perThreadStream() : Handles.find(handle, RemoteStream.class);
    }

    static RemoteEvent event(@Nullable NativePointerObject event) {
        return Handles.find(JCudaFields.handle(event), RemoteEvent.class);
    }

    /**
     * The stream that an event is to be recorded in: a default one is that of the {@code current} context, which the event must belong
     * to as well.
     */
    static RemoteStream of(@Nullable NativePointerObject stream, RemoteEvent event, Supplier<RemoteContext> current) {
        boolean named = JCudaFields.handle(stream) > LAST_DEFAULT;
        RemoteStream queue = of(stream, named ? event.context() : current.get());
        if (queue.context() != event.context()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the event belongs to another context than the stream");
        }
        return queue;
    }

    /** Flags of events mean something in a stream that is captured, and there are none. */
    static void requireNoFlags(int flags, String what) {
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, what + " flags " + flags);
        }
    }

    static void synchronize(RemoteStream stream) {
        stream.synchronize();
        MirroredMemory.afterWait();
    }

    static void synchronize(RemoteEvent event) {
        event.synchronize();
        MirroredMemory.afterWait();
    }

    static void synchronize(RemoteContext context) {
        context.synchronize();
        MirroredMemory.afterWait();
    }

    /** The status of a query: success or not ready. */
    static int status(boolean done) {
        if (done) {
            MirroredMemory.afterWait();
        }
        return done ? CudaStatus.SUCCESS.code() : CudaStatus.NOT_READY.code();
    }

    static void destroyStream(@Nullable NativePointerObject stream) {
        Handles.remove(JCudaFields.handle(stream), RemoteStream.class).close();
    }

    static void destroyEvent(@Nullable NativePointerObject event) {
        Handles.remove(JCudaFields.handle(event), RemoteEvent.class).close();
    }
}
