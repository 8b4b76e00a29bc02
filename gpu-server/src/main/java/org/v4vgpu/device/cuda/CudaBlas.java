package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceBlas;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.BlasOperands;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.BlasStatus;
import org.v4vgpu.proto.CudaStatus;

/**
 * Linear algebra in a context of a GPU: cuBLAS, with one handle for the context. Safe for any thread: the handle is used with the lock of
 * the context's order held, by which operations have their order among all others.
 *
 * <p>What cuBLAS would find wrong is found before: an operation behind a hold reaches it only after its caller has gone on.
 */
final class CudaBlas implements DeviceBlas {
    private static final System.Logger LOG = System.getLogger(CudaBlas.class.getName());

    /** CUBLAS_DEFAULT_MATH to CUBLAS_TF32_TENSOR_OP_MATH, with or without DISALLOW_REDUCED_PRECISION_REDUCTION. */
    private static final int HIGHEST_MATH_MODE = 3;

    private static final int MATH_FLAGS = 16;

    private final CudaContext context;
    private final CublasHandle handle;
    private final BlasResults results;

    private CudaBlas(CudaContext context, CublasHandle handle) {
        this.context = context;
        this.handle = handle;
        this.results = new BlasResults(context);
    }

    /** With the context current. */
    static CudaBlas open(CudaContext context) throws DeviceException {
        Cublas.ensureAvailability();
        CublasHandle handle = CublasHandle.create();
        LOG.log(
                Level.DEBUG,
                "{0}: cuBLAS {1} of {2}",
                context.name(),
                String.valueOf(handle.version()),
                CublasLibrary.name());
        return new CudaBlas(context, handle);
    }

    @Override
    public int version() {
        return handle.version();
    }

    @Override
    public void enqueue(DeviceStream stream, BlasOperation operation, @Nullable MemorySegment result)
            throws DeviceException {
        context.requireUsable();
        CudaStream own = CudaStream.of(stream, context);
        check(operation, result != null);
        if (result == null) {
            own.enqueue(() -> run(operation, own, operation.getResultAddress()));
            return;
        }
        BlasResults.Slot slot = results.take();
        own.enqueue(() -> {
            long at = operation.getResultAddress() != 0 ? operation.getResultAddress() : slot.device();
            try {
                run(operation, own, at);
            } catch (DeviceException e) {
                results.giveBack(slot); // nothing was enqueued that writes it
                throw e;
            }
            // If one of these is refused, the slot is not used again: the device may still write it.
            long handleOfStream = own.queue().handle();
            DriverMemory.copyOut(slot.host().address(), at, resultBytes(operation), handleOfStream);
            HostCallback.enqueue(handleOfStream, () -> deliver(operation, slot, result));
        });
    }

    /** On a thread of the driver. */
    private void deliver(BlasOperation operation, BlasResults.Slot slot, MemorySegment result) {
        MemorySegment host = slot.host();
        double value = operation.getRoutine() == BlasRoutine.BLAS_IAMAX
                ? host.get(ValueLayout.JAVA_INT, 0)
                : operation.getWide() ? host.get(ValueLayout.JAVA_DOUBLE, 0) : host.get(ValueLayout.JAVA_FLOAT, 0);
        result.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0, value);
        results.giveBack(slot);
    }

    /** With the order's lock held and the context current. */
    private void run(BlasOperation operation, CudaStream stream, long result) throws DeviceException {
        try {
            handle.enqueue(operation, stream.queue().handle(), result);
        } catch (DeviceException e) {
            if (BlasStatus.isOne(e.status())) {
                DriverMemory.info(); // if a kernel has broken the context, that is the reason, and this says so
            }
            throw e;
        }
    }

    private void check(BlasOperation operation, boolean hasPlace) throws DeviceException {
        BlasOperands operands;
        try {
            operands = BlasOperands.of(operation);
        } catch (IllegalArgumentException e) {
            throw invalid(operation, String.valueOf(e.getMessage()), e);
        }
        boolean isTable = operation.getPointers() && operands.c() > 0;
        long table = (long) operation.getCount() * Long.BYTES;
        int width = operation.getWide() ? Double.BYTES : Float.BYTES;
        int step = isTable ? Long.BYTES : width;
        range(operation, "a", operation.getA(), isTable ? table : operands.a(), step);
        range(operation, "b", operation.getB(), isTable ? table : operands.b(), step);
        range(operation, "c", operation.getC(), isTable ? table : operands.c(), step);
        range(operation, "alpha", operation.getAlphaAddress(), operation.getAlphaAddress() == 0 ? 0 : width, width);
        range(operation, "beta", operation.getBetaAddress(), operation.getBetaAddress() == 0 ? 0 : width, width);
        boolean hasResult = BlasOperands.hasResult(operation.getRoutine());
        int resultBytes = resultBytes(operation);
        long result = operation.getResultAddress();
        range(operation, "the result", result, result == 0 ? 0 : resultBytes, resultBytes);
        if (hasResult && !hasPlace && result == 0) {
            throw invalid(operation, "no place for the result", null);
        }
        if (hasBeta(operation) && (operation.getAlphaAddress() == 0) != (operation.getBetaAddress() == 0)) {
            throw invalid(operation, "of alpha and beta one is on the device and one is not", null);
        }
        if ((operation.getMathMode() & ~MATH_FLAGS) > HIGHEST_MATH_MODE || operation.getMathMode() < 0) {
            throw invalid(operation, "math mode " + operation.getMathMode(), null);
        }
    }

    /** Within one allocation, and aligned: a kernel that meets other addresses ends CUDA for all clients. */
    private void range(BlasOperation operation, String what, long address, long bytes, int alignment)
            throws DeviceException {
        if (bytes == 0) {
            return;
        }
        context.memory().checkRange(address, bytes);
        if (address % alignment != 0) {
            throw invalid(operation, what + " at 0x" + Long.toHexString(address) + " is not aligned", null);
        }
    }

    private static boolean hasBeta(BlasOperation operation) {
        return switch (operation.getRoutine()) {
            case BLAS_GEMV, BLAS_GEAM, BLAS_GEMM -> true;
            default -> false;
        };
    }

    private static int resultBytes(BlasOperation operation) {
        boolean isIndex = operation.getRoutine() == BlasRoutine.BLAS_IAMAX;
        return operation.getWide() && !isIndex ? Double.BYTES : Float.BYTES;
    }

    private static DeviceException invalid(BlasOperation operation, String what, @Nullable Throwable cause) {
        String words = operation.getRoutine() + ": " + what;
        return cause == null
                ? new DeviceException(CudaStatus.INVALID_VALUE, words)
                : new DeviceException(CudaStatus.INVALID_VALUE, words, cause);
    }

    /** With the context current, and nobody else in the driver: it is about to be destroyed. */
    void close() {
        try {
            handle.destroy();
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "{0}: {1}", context.name(), e.getMessage()); // in a broken context: it goes with that
        }
        results.close();
    }
}
