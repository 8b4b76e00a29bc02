package org.v4vgpu.server.session;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxGetLimitReply;
import org.v4vgpu.proto.CtxGetLimitRequest;
import org.v4vgpu.proto.CtxSetLimitReply;
import org.v4vgpu.proto.CtxSetLimitRequest;
import org.v4vgpu.proto.CudaStatus;

/** Calls about the limits of contexts. Stateless, for the threads of all lanes. */
final class LimitCalls implements CallDispatcher.Calls {
    /** CU_LIMIT_MALLOC_HEAP_SIZE: memory that a context's launches take by themselves. */
    private static final int MALLOC_HEAP_SIZE = 2;

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.CTX_SET_LIMIT, this::set);
        dispatcher.on(Call.CTX_GET_LIMIT, this::get);
    }

    private @Nullable CtxSetLimitReply set(LaneCall call, CtxSetLimitRequest request) throws DeviceException {
        long quota = call.session().quotaBytes();
        if (request.getLimit() == MALLOC_HEAP_SIZE && quota > 0 && request.getValue() > quota) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "a heap of " + Long.toUnsignedString(request.getValue()) + " bytes exceeds the session's quota of "
                            + quota);
        }
        call.context(request.getContext()).device().setLimit(request.getLimit(), request.getValue());
        return null;
    }

    private CtxGetLimitReply get(LaneCall call, CtxGetLimitRequest request) throws DeviceException {
        return CtxGetLimitReply.newBuilder()
                .setValue(call.context(request.getContext()).device().limit(request.getLimit()))
                .build();
    }
}
