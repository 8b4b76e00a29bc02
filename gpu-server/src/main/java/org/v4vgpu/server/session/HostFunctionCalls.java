package org.v4vgpu.server.session;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.LaunchHostFuncReply;
import org.v4vgpu.proto.LaunchHostFuncRequest;
import org.v4vgpu.proto.NextHostFuncReply;
import org.v4vgpu.proto.NextHostFuncRequest;

/** Host functions: streams wait for the client to run them. Stateless, for the threads of all lanes. */
final class HostFunctionCalls implements CallDispatcher.Calls {
    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.LAUNCH_HOST_FUNC, this::launch);
        dispatcher.on(Call.NEXT_HOST_FUNC, this::next);
    }

    private @Nullable LaunchHostFuncReply launch(LaneCall call, LaunchHostFuncRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        call.session().hostFunctions().launch(stream, request.getFunction());
        call.awaitSpace(stream);
        return null;
    }

    private NextHostFuncReply next(LaneCall call, NextHostFuncRequest request) throws DeviceException, IOException {
        HostFunctions functions = call.session().hostFunctions();
        if (request.getDone() != 0) {
            functions.finish(request.getDone());
        }
        NextHostFuncReply.Builder reply = NextHostFuncReply.newBuilder();
        call.await(timeoutNanos -> {
            HostFunctions.Turn turn = functions.next(timeoutNanos);
            if (turn != null) {
                reply.setFunction(turn.function()).setFault(turn.fault().code());
            }
            return turn != null;
        });
        return reply.build();
    }
}
