package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceBlas;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.BlasComputeReply;
import org.v4vgpu.proto.BlasComputeRequest;
import org.v4vgpu.proto.BlasOpenReply;
import org.v4vgpu.proto.BlasOpenRequest;
import org.v4vgpu.proto.BlasOperands;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasReduceReply;
import org.v4vgpu.proto.BlasReduceRequest;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;

/** Linear algebra. Stateless, for the threads of all lanes. */
final class BlasCalls implements CallDispatcher.Calls {
    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.BLAS_COMPUTE, this::compute);
        dispatcher.on(Call.BLAS_REDUCE, this::reduce);
        dispatcher.on(Call.BLAS_OPEN, this::open);
    }

    /** On a thread of its own: loading a library takes long, and a lane must see its client die. */
    private BlasOpenReply open(LaneCall call, BlasOpenRequest request) throws DeviceException, IOException {
        DeviceContext context = call.context(request.getContext()).device();
        DeviceBlas blas = call.runAside("blas", context::blas);
        return BlasOpenReply.newBuilder().setVersion(blas.version()).build();
    }

    private @Nullable BlasComputeReply compute(LaneCall call, BlasComputeRequest request)
            throws DeviceException, IOException {
        BlasOperation operation = request.getOperation();
        if (BlasOperands.hasResult(operation.getRoutine()) && operation.getResultAddress() == 0) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, operation.getRoutine() + " without a place for its result");
        }
        DeviceStream stream = call.stream(operation.getContext(), operation.getStream());
        call.context(operation.getContext()).device().blas().enqueue(stream, operation, null);
        call.awaitSpace(stream);
        return null;
    }

    private BlasReduceReply reduce(LaneCall call, BlasReduceRequest request) throws DeviceException, IOException {
        BlasOperation operation = request.getOperation();
        if (!BlasOperands.hasResult(operation.getRoutine())) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, operation.getRoutine() + " has no result");
        }
        DeviceStream stream = call.stream(operation.getContext(), operation.getStream());
        MemorySegment result = Arena.ofAuto().allocate(ValueLayout.JAVA_DOUBLE);
        call.context(operation.getContext()).device().blas().enqueue(stream, operation, result);
        call.await(stream.enqueued());
        return BlasReduceReply.newBuilder()
                .setResult(result.get(ValueLayout.JAVA_DOUBLE, 0))
                .build();
    }
}
