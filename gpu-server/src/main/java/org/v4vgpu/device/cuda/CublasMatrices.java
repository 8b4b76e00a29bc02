package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.CublasLibrary.function;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import org.v4vgpu.proto.BlasOperation;

/**
 * cuBLAS's routines on matrices. As {@link CublasVectors}.
 *
 * {@snippet lang = c :
 *   cublasStatus_t cublasSgemv_v2(cublasHandle_t handle, cublasOperation_t trans, int m, int n, const float *alpha,
 *           const float *A, int lda, const float *x, int incx, const float *beta, float *y, int incy);
 *   cublasStatus_t cublasSger_v2(cublasHandle_t handle, int m, int n, const float *alpha, const float *x, int incx,
 *           const float *y, int incy, float *A, int lda);
 *   cublasStatus_t cublasStrmv_v2(cublasHandle_t handle, cublasFillMode_t uplo, cublasOperation_t trans,
 *           cublasDiagType_t diag, int n, const float *A, int lda, float *x, int incx);
 *   cublasStatus_t cublasStrsm_v2(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t uplo,
 *           cublasOperation_t trans, cublasDiagType_t diag, int m, int n, const float *alpha, const float *A, int lda,
 *           float *B, int ldb);
 *   cublasStatus_t cublasSgeam(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
 *           const float *alpha, const float *A, int lda, const float *beta, const float *B, int ldb, float *C, int ldc);
 *   cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
 *           int k, const float *alpha, const float *A, int lda, const float *B, int ldb, const float *beta, float *C, int ldc);
 *   cublasStatus_t cublasSgemmBatched(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m,
 *           int n, int k, const float *alpha, const float *const A[], int lda, const float *const B[], int ldb,
 *           const float *beta, float *const C[], int ldc, int count);
 *   cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
 *           int m, int n, int k, const float *alpha, const float *A, int lda, long long strideA, const float *B, int ldb,
 *           long long strideB, const float *beta, float *C, int ldc, long long strideC, int count);
 * }
 */
final class CublasMatrices {
    private static final MemoryLayout[] GEMV = {LONG, INT, INT, INT, LONG, LONG, INT, LONG, INT, LONG, LONG, INT};
    private static final MemoryLayout[] GER = {LONG, INT, INT, LONG, LONG, INT, LONG, INT, LONG, INT};
    private static final MemoryLayout[] TRMV = {LONG, INT, INT, INT, INT, LONG, INT, LONG, INT};
    private static final MemoryLayout[] TRSM = {LONG, INT, INT, INT, INT, INT, INT, LONG, LONG, INT, LONG, INT};
    private static final MemoryLayout[] GEAM = {LONG, INT, INT, INT, INT, LONG, LONG, INT, LONG, LONG, INT, LONG, INT};
    private static final MemoryLayout[] GEMM = {
        LONG, INT, INT, INT, INT, INT, LONG, LONG, INT, LONG, INT, LONG, LONG, INT
    };
    private static final MemoryLayout[] GEMM_BATCHED = {
        LONG, INT, INT, INT, INT, INT, LONG, LONG, INT, LONG, INT, LONG, LONG, INT, INT
    };
    private static final MemoryLayout[] GEMM_STRIDED = {
        LONG, INT, INT, INT, INT, INT, LONG, LONG, INT, LONG, LONG, INT, LONG, LONG, LONG, INT, LONG, INT
    };

    private static final MethodHandle S_GEMV = function("cublasSgemv_v2", GEMV);
    private static final MethodHandle D_GEMV = function("cublasDgemv_v2", GEMV);
    private static final MethodHandle S_GER = function("cublasSger_v2", GER);
    private static final MethodHandle D_GER = function("cublasDger_v2", GER);
    private static final MethodHandle S_TRMV = function("cublasStrmv_v2", TRMV);
    private static final MethodHandle D_TRMV = function("cublasDtrmv_v2", TRMV);
    private static final MethodHandle S_TRSM = function("cublasStrsm_v2", TRSM);
    private static final MethodHandle D_TRSM = function("cublasDtrsm_v2", TRSM);
    private static final MethodHandle S_GEAM = function("cublasSgeam", GEAM);
    private static final MethodHandle D_GEAM = function("cublasDgeam", GEAM);
    private static final MethodHandle S_GEMM = function("cublasSgemm_v2", GEMM);
    private static final MethodHandle D_GEMM = function("cublasDgemm_v2", GEMM);
    private static final MethodHandle S_GEMM_BATCHED = function("cublasSgemmBatched", GEMM_BATCHED);
    private static final MethodHandle D_GEMM_BATCHED = function("cublasDgemmBatched", GEMM_BATCHED);
    private static final MethodHandle S_GEMM_STRIDED = function("cublasSgemmStridedBatched", GEMM_STRIDED);
    private static final MethodHandle D_GEMM_STRIDED = function("cublasDgemmStridedBatched", GEMM_STRIDED);

    private CublasMatrices() {}

    static int timesVector(long handle, BlasOperation of, long alpha, long beta) throws Throwable {
        MethodHandle function = of.getWide() ? D_GEMV : S_GEMV;
        return (int) function.invokeExact(
                handle,
                operation(of.getTransposeA()),
                of.getM(),
                of.getN(),
                alpha,
                of.getA(),
                of.getStepA(),
                of.getB(),
                of.getStepB(),
                beta,
                of.getC(),
                of.getStepC());
    }

    static int addProductOfVectors(long handle, BlasOperation of, long alpha) throws Throwable {
        MethodHandle function = of.getWide() ? D_GER : S_GER;
        return (int) function.invokeExact(
                handle,
                of.getM(),
                of.getN(),
                alpha,
                of.getA(),
                of.getStepA(),
                of.getB(),
                of.getStepB(),
                of.getC(),
                of.getStepC());
    }

    static int triangleTimesVector(long handle, BlasOperation of) throws Throwable {
        MethodHandle function = of.getWide() ? D_TRMV : S_TRMV;
        return (int) function.invokeExact(
                handle,
                fill(of),
                operation(of.getTransposeA()),
                diagonal(of),
                of.getN(),
                of.getA(),
                of.getStepA(),
                of.getC(),
                of.getStepC());
    }

    static int solveTriangle(long handle, BlasOperation of, long alpha) throws Throwable {
        MethodHandle function = of.getWide() ? D_TRSM : S_TRSM;
        return (int) function.invokeExact(
                handle,
                of.getRight() ? 1 : 0, // CUBLAS_SIDE_RIGHT, CUBLAS_SIDE_LEFT
                fill(of),
                operation(of.getTransposeA()),
                diagonal(of),
                of.getM(),
                of.getN(),
                alpha,
                of.getA(),
                of.getStepA(),
                of.getC(),
                of.getStepC());
    }

    static int add(long handle, BlasOperation of, long alpha, long beta) throws Throwable {
        MethodHandle function = of.getWide() ? D_GEAM : S_GEAM;
        return (int) function.invokeExact(
                handle,
                operation(of.getTransposeA()),
                operation(of.getTransposeB()),
                of.getM(),
                of.getN(),
                alpha,
                of.getA(),
                of.getStepA(),
                beta,
                of.getB(),
                of.getStepB(),
                of.getC(),
                of.getStepC());
    }

    static int product(long handle, BlasOperation of, long alpha, long beta) throws Throwable {
        MethodHandle function = of.getWide() ? D_GEMM : S_GEMM;
        return (int) function.invokeExact(
                handle,
                operation(of.getTransposeA()),
                operation(of.getTransposeB()),
                of.getM(),
                of.getN(),
                of.getK(),
                alpha,
                of.getA(),
                of.getStepA(),
                of.getB(),
                of.getStepB(),
                beta,
                of.getC(),
                of.getStepC());
    }

    /** Of matrices whose addresses the device has. */
    static int pointedProducts(long handle, BlasOperation of, long alpha, long beta) throws Throwable {
        MethodHandle function = of.getWide() ? D_GEMM_BATCHED : S_GEMM_BATCHED;
        return (int) function.invokeExact(
                handle,
                operation(of.getTransposeA()),
                operation(of.getTransposeB()),
                of.getM(),
                of.getN(),
                of.getK(),
                alpha,
                of.getA(),
                of.getStepA(),
                of.getB(),
                of.getStepB(),
                beta,
                of.getC(),
                of.getStepC(),
                of.getCount());
    }

    /** Of matrices one behind the other. */
    static int stridedProducts(long handle, BlasOperation of, long alpha, long beta) throws Throwable {
        MethodHandle function = of.getWide() ? D_GEMM_STRIDED : S_GEMM_STRIDED;
        return (int) function.invokeExact(
                handle,
                operation(of.getTransposeA()),
                operation(of.getTransposeB()),
                of.getM(),
                of.getN(),
                of.getK(),
                alpha,
                of.getA(),
                of.getStepA(),
                of.getStrideA(),
                of.getB(),
                of.getStepB(),
                of.getStrideB(),
                beta,
                of.getC(),
                of.getStepC(),
                of.getStrideC(),
                of.getCount());
    }

    /** CUBLAS_OP_T, CUBLAS_OP_N. */
    private static int operation(boolean isTransposed) {
        return isTransposed ? 1 : 0;
    }

    /** CUBLAS_FILL_MODE_UPPER, CUBLAS_FILL_MODE_LOWER. */
    private static int fill(BlasOperation of) {
        return of.getUpper() ? 1 : 0;
    }

    /** CUBLAS_DIAG_UNIT, CUBLAS_DIAG_NON_UNIT. */
    private static int diagonal(BlasOperation of) {
        return of.getUnit() ? 1 : 0;
    }
}
