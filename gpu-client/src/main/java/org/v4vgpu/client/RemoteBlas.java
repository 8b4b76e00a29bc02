package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.proto.BlasComputeRequest;
import org.v4vgpu.proto.BlasOpenRequest;
import org.v4vgpu.proto.BlasOperands;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasReduceRequest;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;

/**
 * Linear algebra in a context, as cuBLAS has it. Safe for any thread. Sizes and ranges are checked here; operations without a result
 * for the host return once they are sent.
 *
 * {@snippet :
 *   BlasOperation.Builder axpy = BlasOperation.newBuilder()
 *           .setRoutine(BlasRoutine.BLAS_AXPY).setN(n).setAlpha(2)
 *           .setA(x.address()).setStepA(1).setC(y.address()).setStepC(1);
 *   context.blas().compute(context.defaultStream(), axpy);
 * }
 */
public final class RemoteBlas {
    private final RemoteContext context;

    /** 0 until the server has told it. */
    private volatile int version;

    RemoteBlas(RemoteContext context) {
        this.context = context;
    }

    /**
     * Which cuBLAS the server has, or keeps to; has it get ready the first time, which may take seconds. Source: cublasGetVersion.
     *
     * @throws CudaException NOT_SUPPORTED, with what to do about it, if the server has none; what is wrong with it otherwise
     */
    public int version() {
        int known = version;
        if (known == 0) {
            known = context.lane()
                    .call(
                            Call.BLAS_OPEN,
                            BlasOpenRequest.newBuilder()
                                    .setContext(context.id())
                                    .build())
                    .getVersion();
            version = known;
        }
        return known;
    }

    /**
     * Enqueues an operation; context and stream are set here.
     *
     * @throws CudaException INVALID_VALUE for wrong sizes, ILLEGAL_ADDRESS for an operand that is not inside device memory of the
     *     context
     */
    public void compute(RemoteStream stream, BlasOperation.Builder operation) {
        BlasOperation checked = check(stream, operation);
        context.lane()
                .post(
                        Call.BLAS_COMPUTE,
                        BlasComputeRequest.newBuilder().setOperation(checked).build());
    }

    /** As {@link #compute}, waits, and returns the operation's result. */
    public double reduce(RemoteStream stream, BlasOperation.Builder operation) {
        BlasOperation checked = check(stream, operation);
        Lane lane = context.lane();
        stream.awaitOnShared(lane);
        return lane.call(
                        Call.BLAS_REDUCE,
                        BlasReduceRequest.newBuilder().setOperation(checked).build(),
                        MemorySegment.NULL)
                .getResult();
    }

    private BlasOperation check(RemoteStream stream, BlasOperation.Builder builder) {
        BlasOperation operation =
                builder.setContext(context.id()).setStream(stream.idIn(context)).build();
        BlasOperands operands;
        try {
            operands = BlasOperands.of(operation);
        } catch (IllegalArgumentException e) {
            throw CudaException.invalidValue(operation.getRoutine() + ": " + e.getMessage());
        }
        long table = operation.getPointers() && operands.c() > 0 ? (long) operation.getCount() * Long.BYTES : -1;
        requireMemory(operation.getA(), table >= 0 ? table : operands.a(), "a");
        requireMemory(operation.getB(), table >= 0 ? table : operands.b(), "b");
        requireMemory(operation.getC(), table >= 0 ? table : operands.c(), "c");
        int width = operation.getWide() ? Double.BYTES : Float.BYTES;
        requireMemory(operation.getAlphaAddress(), operation.getAlphaAddress() == 0 ? 0 : width, "alpha");
        requireMemory(operation.getBetaAddress(), operation.getBetaAddress() == 0 ? 0 : width, "beta");
        int result = operation.getRoutine() == BlasRoutine.BLAS_IAMAX ? Integer.BYTES : width;
        requireMemory(operation.getResultAddress(), operation.getResultAddress() == 0 ? 0 : result, "the result");
        return operation;
    }

    private void requireMemory(long address, long bytes, String operand) {
        if (bytes == 0) {
            return;
        }
        DeviceMemory memory = context.memoryAt(address);
        if (memory == null || bytes > memory.byteSize() - (address - memory.address())) {
            throw new CudaException(
                    CudaStatus.ILLEGAL_ADDRESS,
                    operand + ": " + bytes + " bytes at 0x" + Long.toHexString(address)
                            + " are not inside device memory of the context");
        }
    }
}
