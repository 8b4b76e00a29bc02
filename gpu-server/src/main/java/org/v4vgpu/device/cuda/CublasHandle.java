package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.CublasLibrary.check;
import static org.v4vgpu.device.cuda.CublasLibrary.failure;
import static org.v4vgpu.device.cuda.CublasLibrary.function;
import static org.v4vgpu.device.cuda.DriverLibrary.ADDRESS;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;
import static org.v4vgpu.device.cuda.DriverLibrary.rethrow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperands;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasStatus;

/**
 * A handle of cuBLAS in the context that was current when it was made, which is to be current for every call. One thread at a time.
 *
 * <p>Of its modes it is told only what changes. Operations return when they are enqueued: results are the device's, and no scalar of
 * the host's is looked at later.
 *
 * {@snippet lang = c :
 *   cublasStatus_t cublasCreate_v2(cublasHandle_t *handle);
 *   cublasStatus_t cublasDestroy_v2(cublasHandle_t handle);
 *   cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int *version);
 *   cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream);
 *   cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode);
 *   cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode);
 *   cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t mode);
 * }
 */
final class CublasHandle {
    private static final MethodHandle CREATE = function("cublasCreate_v2", ADDRESS);
    private static final MethodHandle DESTROY = function("cublasDestroy_v2", LONG);
    private static final MethodHandle VERSION = function("cublasGetVersion_v2", LONG, ADDRESS);
    private static final MethodHandle SET_STREAM = function("cublasSetStream_v2", LONG, LONG);
    private static final MethodHandle SET_POINTER_MODE = function("cublasSetPointerMode_v2", LONG, INT);
    private static final MethodHandle SET_MATH_MODE = function("cublasSetMathMode", LONG, INT);
    private static final MethodHandle SET_ATOMICS_MODE = function("cublasSetAtomicsMode", LONG, INT);

    private final long handle;
    private final int version;
    private long stream;
    private boolean isDeviceMode;
    private int mathMode;
    private boolean hasAtomics;

    private CublasHandle(long handle, int version) {
        this.handle = handle;
        this.version = version;
    }

    /** In the current context. Takes from a hundred milliseconds to seconds, and device memory. */
    static CublasHandle create() throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(LONG);
            int result = (int) CREATE.invokeExact(handle);
            if (result != 0) {
                throw failure("cublasCreate_v2", result, advice(result));
            }
            MemorySegment version = arena.allocate(INT);
            check("cublasGetVersion_v2", (int) VERSION.invokeExact(handle.get(LONG, 0), version));
            return new CublasHandle(handle.get(LONG, 0), version.get(INT, 0));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** What the errors of its start usually mean. */
    private static String advice(int result) {
        return switch (result) {
            case BlasStatus.NOT_INITIALIZED ->
                "; " + CublasLibrary.name()
                        + " may be of a newer CUDA than the driver serves, or the GPU's memory is full";
            case BlasStatus.ALLOC_FAILED ->
                "; the GPU has no memory left for the library, which takes some beside that of clients: see --quota";
            case BlasStatus.ARCH_MISMATCH ->
                "; " + CublasLibrary.name() + " has no code for this GPU: install the cuBLAS of another CUDA";
            default -> "";
        };
    }

    int version() {
        return version;
    }

    /** Waits for what the context runs. */
    void destroy() throws DeviceException {
        try {
            check("cublasDestroy_v2", (int) DESTROY.invokeExact(handle));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Enqueues an operation whose arguments are checked.
     *
     * @param onStream a stream of the driver's in the context; 0 for the legacy default stream
     * @param result where the device puts the result of a routine that has one
     */
    void enqueue(BlasOperation operation, long onStream, long result) throws DeviceException {
        boolean hasResult = BlasOperands.hasResult(operation.getRoutine());
        try (Arena arena = Arena.ofConfined()) {
            useStream(onStream);
            useModes(operation, hasResult || isOnDevice(operation));
            long alpha = scalar(arena, operation, operation.getAlphaAddress(), operation.getAlpha());
            long beta = scalar(arena, operation, operation.getBetaAddress(), operation.getBeta());
            check(name(operation), run(operation, alpha, beta, result));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Whether the operation's scalars are on the device; they are in one place, as a handle has one mode. */
    static boolean isOnDevice(BlasOperation operation) {
        return operation.getAlphaAddress() != 0 || operation.getBetaAddress() != 0;
    }

    private void useStream(long wanted) throws Throwable {
        if (stream != wanted) {
            check("cublasSetStream_v2", (int) SET_STREAM.invokeExact(handle, wanted));
            stream = wanted;
        }
    }

    private void useModes(BlasOperation operation, boolean onDevice) throws Throwable {
        if (isDeviceMode != onDevice) {
            check("cublasSetPointerMode_v2", (int) SET_POINTER_MODE.invokeExact(handle, onDevice ? 1 : 0));
            isDeviceMode = onDevice;
        }
        if (mathMode != operation.getMathMode()) {
            check("cublasSetMathMode", (int) SET_MATH_MODE.invokeExact(handle, operation.getMathMode()));
            mathMode = operation.getMathMode();
        }
        if (hasAtomics != operation.getAtomics()) {
            check("cublasSetAtomicsMode", (int) SET_ATOMICS_MODE.invokeExact(handle, operation.getAtomics() ? 1 : 0));
            hasAtomics = operation.getAtomics();
        }
    }

    private static long scalar(Arena arena, BlasOperation operation, long onDevice, double value) {
        if (onDevice != 0) {
            return onDevice;
        }
        return operation.getWide()
                ? arena.allocateFrom(ValueLayout.JAVA_DOUBLE, value).address()
                : arena.allocateFrom(ValueLayout.JAVA_FLOAT, (float) value).address();
    }

    private int run(BlasOperation of, long alpha, long beta, long result) throws Throwable {
        return switch (of.getRoutine()) {
            case BLAS_COPY -> CublasVectors.copy(handle, of);
            case BLAS_SWAP -> CublasVectors.swap(handle, of);
            case BLAS_SCAL -> CublasVectors.scale(handle, of, alpha);
            case BLAS_AXPY -> CublasVectors.add(handle, of, alpha);
            case BLAS_DOT -> CublasVectors.dot(handle, of, result);
            case BLAS_NRM2 -> CublasVectors.norm(handle, of, result);
            case BLAS_ASUM -> CublasVectors.sumOfMagnitudes(handle, of, result);
            case BLAS_IAMAX -> CublasVectors.indexOfLargest(handle, of, result);
            case BLAS_GEMV -> CublasMatrices.timesVector(handle, of, alpha, beta);
            case BLAS_GER -> CublasMatrices.addProductOfVectors(handle, of, alpha);
            case BLAS_TRMV -> CublasMatrices.triangleTimesVector(handle, of);
            case BLAS_TRSM -> CublasMatrices.solveTriangle(handle, of, alpha);
            case BLAS_GEAM -> CublasMatrices.add(handle, of, alpha, beta);
            case BLAS_GEMM ->
                of.getPointers()
                        ? CublasMatrices.pointedProducts(handle, of, alpha, beta)
                        : of.getCount() > 1
                                ? CublasMatrices.stridedProducts(handle, of, alpha, beta)
                                : CublasMatrices.product(handle, of, alpha, beta);
            case BLAS_ROUTINE_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("routine " + of.getRoutineValue());
        };
    }

    /** The function that an operation calls. */
    private static String name(BlasOperation of) {
        String precision = of.getWide() ? "d" : "s";
        return switch (of.getRoutine()) {
            case BLAS_IAMAX -> "cublasI" + precision + "amax_v2";
            case BLAS_GEAM -> "cublas" + precision.toUpperCase(Locale.ROOT) + "geam";
            case BLAS_GEMM ->
                "cublas" + precision.toUpperCase(Locale.ROOT)
                        + (of.getPointers() ? "gemmBatched" : of.getCount() > 1 ? "gemmStridedBatched" : "gemm_v2");
            default ->
                "cublas" + precision.toUpperCase(Locale.ROOT)
                        + of.getRoutine().name().substring("BLAS_".length()).toLowerCase(Locale.ROOT) + "_v2";
        };
    }
}
