package org.v4vgpu.server.session;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.StreamCreateReply;
import org.v4vgpu.proto.StreamCreateRequest;
import org.v4vgpu.proto.StreamDestroyReply;
import org.v4vgpu.proto.StreamDestroyRequest;
import org.v4vgpu.proto.StreamQueryReply;
import org.v4vgpu.proto.StreamQueryRequest;
import org.v4vgpu.proto.StreamSynchronizeReply;
import org.v4vgpu.proto.StreamSynchronizeRequest;
import org.v4vgpu.proto.StreamWaitEventReply;
import org.v4vgpu.proto.StreamWaitEventRequest;

/** Calls about streams. Stateless, for the threads of all lanes. */
final class StreamCalls implements CallDispatcher.Calls {
    /** CU_STREAM_NON_BLOCKING, the only flag there is. */
    private static final int NON_BLOCKING = 1;

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.STREAM_CREATE, this::create);
        dispatcher.on(Call.STREAM_DESTROY, this::destroy);
        dispatcher.on(Call.STREAM_SYNCHRONIZE, this::synchronize);
        dispatcher.on(Call.STREAM_QUERY, this::query);
        dispatcher.on(Call.STREAM_WAIT_EVENT, this::waitEvent);
    }

    private StreamCreateReply create(LaneCall call, StreamCreateRequest request) throws DeviceException {
        Resource.Context context = call.context(request.getContext());
        if ((request.getFlags() & ~NON_BLOCKING) != 0) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, "stream flags 0x" + Integer.toHexString(request.getFlags()));
        }
        Resource.Stream stream =
                new Resource.Stream(context, context.device().createStream(request.getFlags(), request.getPriority()));
        return StreamCreateReply.newBuilder()
                .setStream(call.session().add(stream))
                .build();
    }

    private @Nullable StreamDestroyReply destroy(LaneCall call, StreamDestroyRequest request) throws DeviceException {
        Resource.Stream stream = call.namedStream(request.getStream());
        if (!call.session().handles().remove(request.getStream())) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the stream was destroyed by another thread");
        }
        stream.close();
        return null;
    }

    private @Nullable StreamSynchronizeReply synchronize(LaneCall call, StreamSynchronizeRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        call.synchronize(call.context(request.getContext()), stream::enqueued);
        return null;
    }

    /** Threads that share a lane wait by queries: the one that finds everything done counts as synchronising. */
    private @Nullable StreamQueryReply query(LaneCall call, StreamQueryRequest request) throws DeviceException {
        if (!call.stream(request.getContext(), request.getStream()).isIdle()) {
            call.answer(CudaStatus.NOT_READY);
            return null;
        }
        call.flush(call.context(request.getContext()));
        return null;
    }

    private @Nullable StreamWaitEventReply waitEvent(LaneCall call, StreamWaitEventRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        if (request.getFlags() != 0) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, "flags 0x" + Integer.toHexString(request.getFlags()) + " of a wait");
        }
        Resource.Event event = call.event(request.getEvent());
        event.requireOrder();
        if (event.context() == call.context(request.getContext())) {
            stream.waitFor(event.device());
        } else {
            call.session().foreignEvents().delay(call, stream, event);
        }
        call.awaitSpace(stream);
        return null;
    }
}
