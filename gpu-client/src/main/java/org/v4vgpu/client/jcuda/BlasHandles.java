package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.jcublas.cublasAtomicsMode;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasPointerMode;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.BlasStatus;
import org.v4vgpu.proto.CudaStatus;

/** Handles of cuBLAS and their modes. Safe for any thread. */
final class BlasHandles {
    private static final int HIGHEST_MATH_MODE = cublasMath.CUBLAS_TF32_TENSOR_OP_MATH;

    private BlasHandles() {}

    /** Asks the server whether it has a cuBLAS: its calls would only say so later. */
    static void cublasCreate(cublasHandle handle) {
        mandatory(handle, "handle", "cublasCreate");
        RemoteContext context = CurrentContext.ofRuntime();
        int version = context.blas().version();
        JCudaFields.setNativePointer(handle, Handles.of(new BlasHandle(context, version)));
    }

    static void cublasDestroy(cublasHandle handle) {
        BlasHandle.of(handle, "cublasDestroy");
        Handles.remove(JCudaFields.handle(handle), BlasHandle.class);
    }

    static void cublasGetVersion(cublasHandle handle, int[] version) {
        mandatory(version, "version", "cublasGetVersion");
        version[0] = BlasHandle.of(handle, "cublasGetVersion").version();
    }

    /** null and the numbers up to 2 name default streams. */
    static void cublasSetStream(cublasHandle handle, @Nullable cudaStream_t stream) {
        BlasHandle found = BlasHandle.of(handle, "cublasSetStream");
        found.use(Streams.of(stream, found.context()));
    }

    static void cublasGetStream(cublasHandle handle, cudaStream_t stream) {
        mandatory(stream, "streamId", "cublasGetStream");
        BlasHandle found = BlasHandle.of(handle, "cublasGetStream");
        RemoteStream used = found.stream();
        JCudaFields.setNativePointer(stream, used == found.context().defaultStream() ? 0 : Handles.of(used));
    }

    static void cublasSetPointerMode(cublasHandle handle, int mode) {
        requireMode(mode, cublasPointerMode.CUBLAS_POINTER_MODE_DEVICE);
        BlasHandle.of(handle, "cublasSetPointerMode").pointerMode(mode);
    }

    static void cublasGetPointerMode(cublasHandle handle, int[] mode) {
        mandatory(mode, "mode", "cublasGetPointerMode");
        mode[0] = BlasHandle.of(handle, "cublasGetPointerMode").pointerMode();
    }

    /** How a GPU computes; the software device has one way. */
    static void cublasSetMathMode(cublasHandle handle, int mode) {
        requireMode(mode & ~cublasMath.CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION, HIGHEST_MATH_MODE);
        BlasHandle.of(handle, "cublasSetMathMode").mathMode(mode);
    }

    static void cublasGetMathMode(cublasHandle handle, int[] mode) {
        mandatory(mode, "mode", "cublasGetMathMode");
        mode[0] = BlasHandle.of(handle, "cublasGetMathMode").mathMode();
    }

    /** On the software device sums have one order, whatever the mode allows. */
    static void cublasSetAtomicsMode(cublasHandle handle, int mode) {
        requireMode(mode, cublasAtomicsMode.CUBLAS_ATOMICS_ALLOWED);
        BlasHandle.of(handle, "cublasSetAtomicsMode").atomicsMode(mode);
    }

    static void cublasGetAtomicsMode(cublasHandle handle, int[] mode) {
        mandatory(mode, "mode", "cublasGetAtomicsMode");
        mode[0] = BlasHandle.of(handle, "cublasGetAtomicsMode").atomicsMode();
    }

    static String cublasGetStatusName(int status) {
        return cublasStatus.stringFor(status);
    }

    /** What cuBLAS has said, or comes nearest to a failure with. */
    static int statusOf(CudaException e) {
        if (BlasStatus.isOne(e.status())) {
            return BlasStatus.code(e.status());
        }
        return switch (e.status().code()) {
            case 1, 400 -> cublasStatus.CUBLAS_STATUS_INVALID_VALUE;
            case 2 -> cublasStatus.CUBLAS_STATUS_ALLOC_FAILED;
            case 3, 46, 100, 201, 709 -> cublasStatus.CUBLAS_STATUS_NOT_INITIALIZED;
            case 801 -> cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED;
            default ->
                e.status().isFatal()
                        ? cublasStatus.CUBLAS_STATUS_EXECUTION_FAILED
                        : cublasStatus.CUBLAS_STATUS_INTERNAL_ERROR;
        };
    }

    private static void requireMode(int mode, int largest) {
        if (mode < 0 || mode > largest) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "mode " + mode);
        }
    }
}
