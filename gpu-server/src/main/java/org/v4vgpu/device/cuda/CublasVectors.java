package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.CublasLibrary.function;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;

import java.lang.invoke.MethodHandle;
import org.v4vgpu.proto.BlasOperation;

/**
 * cuBLAS's routines on vectors, in single and in double precision. As thread-safe as the handle, which no two threads may use at a time.
 * A pointer to a scalar leads to the host or to the device, as the handle's mode says.
 *
 * {@snippet lang = c :
 *   cublasStatus_t cublasScopy_v2(cublasHandle_t handle, int n, const float *x, int incx, float *y, int incy);
 *   cublasStatus_t cublasSswap_v2(cublasHandle_t handle, int n, float *x, int incx, float *y, int incy);
 *   cublasStatus_t cublasSscal_v2(cublasHandle_t handle, int n, const float *alpha, float *x, int incx);
 *   cublasStatus_t cublasSaxpy_v2(cublasHandle_t handle, int n, const float *alpha, const float *x, int incx, float *y, int incy);
 *   cublasStatus_t cublasSdot_v2(cublasHandle_t handle, int n, const float *x, int incx, const float *y, int incy, float *result);
 *   cublasStatus_t cublasSnrm2_v2(cublasHandle_t handle, int n, const float *x, int incx, float *result);
 *   cublasStatus_t cublasSasum_v2(cublasHandle_t handle, int n, const float *x, int incx, float *result);
 *   cublasStatus_t cublasIsamax_v2(cublasHandle_t handle, int n, const float *x, int incx, int *result);
 * }
 */
final class CublasVectors {
    private static final MethodHandle S_COPY = function("cublasScopy_v2", LONG, INT, LONG, INT, LONG, INT);
    private static final MethodHandle D_COPY = function("cublasDcopy_v2", LONG, INT, LONG, INT, LONG, INT);
    private static final MethodHandle S_SWAP = function("cublasSswap_v2", LONG, INT, LONG, INT, LONG, INT);
    private static final MethodHandle D_SWAP = function("cublasDswap_v2", LONG, INT, LONG, INT, LONG, INT);
    private static final MethodHandle S_SCALE = function("cublasSscal_v2", LONG, INT, LONG, LONG, INT);
    private static final MethodHandle D_SCALE = function("cublasDscal_v2", LONG, INT, LONG, LONG, INT);
    private static final MethodHandle S_ADD = function("cublasSaxpy_v2", LONG, INT, LONG, LONG, INT, LONG, INT);
    private static final MethodHandle D_ADD = function("cublasDaxpy_v2", LONG, INT, LONG, LONG, INT, LONG, INT);
    private static final MethodHandle S_DOT = function("cublasSdot_v2", LONG, INT, LONG, INT, LONG, INT, LONG);
    private static final MethodHandle D_DOT = function("cublasDdot_v2", LONG, INT, LONG, INT, LONG, INT, LONG);
    private static final MethodHandle S_NORM = function("cublasSnrm2_v2", LONG, INT, LONG, INT, LONG);
    private static final MethodHandle D_NORM = function("cublasDnrm2_v2", LONG, INT, LONG, INT, LONG);
    private static final MethodHandle S_SUM = function("cublasSasum_v2", LONG, INT, LONG, INT, LONG);
    private static final MethodHandle D_SUM = function("cublasDasum_v2", LONG, INT, LONG, INT, LONG);
    private static final MethodHandle S_LARGEST = function("cublasIsamax_v2", LONG, INT, LONG, INT, LONG);
    private static final MethodHandle D_LARGEST = function("cublasIdamax_v2", LONG, INT, LONG, INT, LONG);

    private CublasVectors() {}

    static int copy(long handle, BlasOperation of) throws Throwable {
        MethodHandle function = of.getWide() ? D_COPY : S_COPY;
        return (int) function.invokeExact(handle, of.getN(), of.getA(), of.getStepA(), of.getC(), of.getStepC());
    }

    static int swap(long handle, BlasOperation of) throws Throwable {
        MethodHandle function = of.getWide() ? D_SWAP : S_SWAP;
        return (int) function.invokeExact(handle, of.getN(), of.getA(), of.getStepA(), of.getC(), of.getStepC());
    }

    static int scale(long handle, BlasOperation of, long alpha) throws Throwable {
        MethodHandle function = of.getWide() ? D_SCALE : S_SCALE;
        return (int) function.invokeExact(handle, of.getN(), alpha, of.getC(), of.getStepC());
    }

    static int add(long handle, BlasOperation of, long alpha) throws Throwable {
        MethodHandle function = of.getWide() ? D_ADD : S_ADD;
        return (int) function.invokeExact(handle, of.getN(), alpha, of.getA(), of.getStepA(), of.getC(), of.getStepC());
    }

    static int dot(long handle, BlasOperation of, long result) throws Throwable {
        MethodHandle function = of.getWide() ? D_DOT : S_DOT;
        return (int)
                function.invokeExact(handle, of.getN(), of.getA(), of.getStepA(), of.getB(), of.getStepB(), result);
    }

    static int norm(long handle, BlasOperation of, long result) throws Throwable {
        MethodHandle function = of.getWide() ? D_NORM : S_NORM;
        return (int) function.invokeExact(handle, of.getN(), of.getA(), of.getStepA(), result);
    }

    static int sumOfMagnitudes(long handle, BlasOperation of, long result) throws Throwable {
        MethodHandle function = of.getWide() ? D_SUM : S_SUM;
        return (int) function.invokeExact(handle, of.getN(), of.getA(), of.getStepA(), result);
    }

    static int indexOfLargest(long handle, BlasOperation of, long result) throws Throwable {
        MethodHandle function = of.getWide() ? D_LARGEST : S_LARGEST;
        return (int) function.invokeExact(handle, of.getN(), of.getA(), of.getStepA(), result);
    }
}
