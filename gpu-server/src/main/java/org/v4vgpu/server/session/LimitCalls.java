package org.v4vgpu.server.session;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxGetLimitReply;
import org.v4vgpu.proto.CtxGetLimitRequest;
import org.v4vgpu.proto.CtxSetLimitReply;
import org.v4vgpu.proto.CtxSetLimitRequest;

/** Calls about the limits of contexts. Stateless, for the threads of all lanes. */
final class LimitCalls implements CallDispatcher.Calls {
    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.CTX_SET_LIMIT, this::set);
        dispatcher.on(Call.CTX_GET_LIMIT, this::get);
    }

    private @Nullable CtxSetLimitReply set(LaneCall call, CtxSetLimitRequest request) throws DeviceException {
        call.context(request.getContext()).device().setLimit(request.getLimit(), request.getValue());
        return null;
    }

    private CtxGetLimitReply get(LaneCall call, CtxGetLimitRequest request) throws DeviceException {
        return CtxGetLimitReply.newBuilder()
                .setValue(call.context(request.getContext()).device().limit(request.getLimit()))
                .build();
    }
}
