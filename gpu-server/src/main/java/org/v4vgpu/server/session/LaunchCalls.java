package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.LaunchKernelReply;
import org.v4vgpu.proto.LaunchKernelRequest;
import org.v4vgpu.proto.Limits;

/** Launches. Stateless, for the threads of all lanes. */
final class LaunchCalls implements CallDispatcher.Calls {
    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.LAUNCH_KERNEL, Limits.MAXIMUM_PARAMETER_BYTES, this::launch);
    }

    private @Nullable LaunchKernelReply launch(LaneCall call, LaunchKernelRequest request)
            throws DeviceException, IOException {
        // Gathered, so that a client can't change them between the device's check and its copy.
        MemorySegment parameters = call.payload().gather();
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        Resource.Function function = call.function(request.getFunction());
        if (function.context() != call.context(request.getContext())) {
            throw new DeviceException(
                    CudaStatus.INVALID_HANDLE, "function " + function.device().name() + " belongs to another context");
        }
        LaunchShape shape = new LaunchShape(
                count(request.getGridX()),
                count(request.getGridY()),
                count(request.getGridZ()),
                count(request.getBlockX()),
                count(request.getBlockY()),
                count(request.getBlockZ()),
                count(request.getSharedBytes()));
        DeviceFunction kernel = function.device();
        call.session()
                .within(
                        kernel::launchBytes,
                        request.getCooperative()
                                ? () -> stream.launchCooperatively(kernel, shape, parameters)
                                : () -> stream.launch(kernel, shape, parameters));
        call.awaitSpace(stream);
        return null;
    }

    private static int count(int value) throws DeviceException {
        if (value < 0) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, "a launch with a dimension of " + Integer.toUnsignedString(value));
        }
        return value;
    }
}
