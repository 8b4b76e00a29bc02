package org.v4vgpu.server.session;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.EventCreateReply;
import org.v4vgpu.proto.EventCreateRequest;
import org.v4vgpu.proto.EventDestroyReply;
import org.v4vgpu.proto.EventDestroyRequest;
import org.v4vgpu.proto.EventElapsedTimeReply;
import org.v4vgpu.proto.EventElapsedTimeRequest;
import org.v4vgpu.proto.EventQueryReply;
import org.v4vgpu.proto.EventQueryRequest;
import org.v4vgpu.proto.EventRecordReply;
import org.v4vgpu.proto.EventRecordRequest;
import org.v4vgpu.proto.EventSynchronizeReply;
import org.v4vgpu.proto.EventSynchronizeRequest;

/** Calls about events. Stateless, for the threads of all lanes. */
final class EventCalls implements CallDispatcher.Calls {
    /** CU_EVENT_BLOCKING_SYNC and CU_EVENT_DISABLE_TIMING. */
    private static final int KNOWN_FLAGS = 1 | 2;

    private static final int INTERPROCESS = 4;

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.EVENT_CREATE, this::create);
        dispatcher.on(Call.EVENT_DESTROY, this::destroy);
        dispatcher.on(Call.EVENT_RECORD, this::record);
        dispatcher.on(Call.EVENT_SYNCHRONIZE, this::synchronize);
        dispatcher.on(Call.EVENT_QUERY, this::query);
        dispatcher.on(Call.EVENT_ELAPSED_TIME, this::elapsedTime);
    }

    private EventCreateReply create(LaneCall call, EventCreateRequest request) throws DeviceException {
        Resource.Context context = call.context(request.getContext());
        int flags = request.getFlags();
        if ((flags & ~(KNOWN_FLAGS | INTERPROCESS)) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "event flags 0x" + Integer.toHexString(flags));
        }
        if ((flags & INTERPROCESS) != 0) {
            throw new DeviceException(CudaStatus.NOT_SUPPORTED, "CU_EVENT_INTERPROCESS is not supported");
        }
        Resource.Event event = new Resource.Event(context, context.device().createEvent(flags));
        return EventCreateReply.newBuilder().setEvent(call.session().add(event)).build();
    }

    private @Nullable EventDestroyReply destroy(LaneCall call, EventDestroyRequest request) throws DeviceException {
        Resource.Event event = call.event(request.getEvent());
        if (!call.session().handles().remove(request.getEvent())) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the event was destroyed by another thread");
        }
        event.close();
        return null;
    }

    private @Nullable EventRecordReply record(LaneCall call, EventRecordRequest request)
            throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        Resource.Event event = call.event(request.getEvent());
        if (event.context() != context) {
            throw new DeviceException(
                    CudaStatus.INVALID_HANDLE, "event " + request.getEvent() + " belongs to another context");
        }
        if (request.getWholeContext()) {
            event.recordWhole();
            return null;
        }
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        event.record(stream);
        call.awaitSpace(stream);
        return null;
    }

    private @Nullable EventSynchronizeReply synchronize(LaneCall call, EventSynchronizeRequest request)
            throws DeviceException, IOException {
        Resource.Event event = call.event(request.getEvent());
        call.synchronize(event.context(), event::recorded);
        return null;
    }

    /** As {@link StreamCalls}' query. */
    private @Nullable EventQueryReply query(LaneCall call, EventQueryRequest request) throws DeviceException {
        Resource.Event event = call.event(request.getEvent());
        if (!event.isDone()) {
            call.answer(CudaStatus.NOT_READY);
            return null;
        }
        call.flush(event.context());
        return null;
    }

    private EventElapsedTimeReply elapsedTime(LaneCall call, EventElapsedTimeRequest request) throws DeviceException {
        Resource.Event start = call.event(request.getStart());
        Resource.Event end = call.event(request.getEnd());
        start.requireOrder();
        end.requireOrder();
        float milliseconds = end.device().elapsedMillis(start.device());
        return EventElapsedTimeReply.newBuilder().setMilliseconds(milliseconds).build();
    }
}
