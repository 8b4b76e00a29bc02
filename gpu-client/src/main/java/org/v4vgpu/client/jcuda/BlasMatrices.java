package org.v4vgpu.client.jcuda;

import jcuda.Pointer;
import jcuda.jcublas.cublasHandle;
import org.v4vgpu.proto.BlasRoutine;

/** cuBLAS's routines on matrices. Safe for any thread; each is {@link BlasCall}, in the order of its arguments. */
final class BlasMatrices {
    private BlasMatrices() {}

    static void cublasSgemv(
            cublasHandle handle,
            int trans,
            int m,
            int n,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer x,
            int stepX,
            Pointer beta,
            Pointer y,
            int stepY) {
        BlasCall.of("cublasSgemv", handle, BlasRoutine.BLAS_GEMV, false)
                .transposed(trans, 0)
                .size(m, n, 0)
                .alpha(alpha)
                .a(a, lda)
                .b(x, stepX)
                .beta(beta)
                .c(y, stepY)
                .run();
    }

    static void cublasSger(
            cublasHandle handle,
            int m,
            int n,
            Pointer alpha,
            Pointer x,
            int stepX,
            Pointer y,
            int stepY,
            Pointer a,
            int lda) {
        BlasCall.of("cublasSger", handle, BlasRoutine.BLAS_GER, false)
                .size(m, n, 0)
                .alpha(alpha)
                .a(x, stepX)
                .b(y, stepY)
                .c(a, lda)
                .run();
    }

    static void cublasStrmv(
            cublasHandle handle, int uplo, int trans, int diag, int n, Pointer a, int lda, Pointer x, int stepX) {
        BlasCall.of("cublasStrmv", handle, BlasRoutine.BLAS_TRMV, false)
                .triangle(0, uplo, diag)
                .transposed(trans, 0)
                .size(0, n, 0)
                .a(a, lda)
                .c(x, stepX)
                .run();
    }

    static void cublasStrsm(
            cublasHandle handle,
            int side,
            int uplo,
            int trans,
            int diag,
            int m,
            int n,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer b,
            int ldb) {
        BlasCall.of("cublasStrsm", handle, BlasRoutine.BLAS_TRSM, false)
                .triangle(side, uplo, diag)
                .transposed(trans, 0)
                .size(m, n, 0)
                .alpha(alpha)
                .a(a, lda)
                .c(b, ldb)
                .run();
    }

    static void cublasSgeam(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer beta,
            Pointer b,
            int ldb,
            Pointer c,
            int ldc) {
        BlasCall.of("cublasSgeam", handle, BlasRoutine.BLAS_GEAM, false)
                .transposed(transA, transB)
                .size(m, n, 0)
                .alpha(alpha)
                .a(a, lda)
                .beta(beta)
                .b(b, ldb)
                .c(c, ldc)
                .run();
    }

    static void cublasSgemm(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            Pointer beta,
            Pointer c,
            int ldc) {
        BlasCall.of("cublasSgemm", handle, BlasRoutine.BLAS_GEMM, false)
                .transposed(transA, transB)
                .size(m, n, k)
                .alpha(alpha)
                .a(a, lda)
                .b(b, ldb)
                .beta(beta)
                .c(c, ldc)
                .run();
    }

    static void cublasSgemmBatched(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            Pointer beta,
            Pointer c,
            int ldc,
            int count) {
        BlasCall.of("cublasSgemmBatched", handle, BlasRoutine.BLAS_GEMM, false)
                .transposed(transA, transB)
                .size(m, n, k)
                .alpha(alpha)
                .a(a, lda)
                .b(b, ldb)
                .beta(beta)
                .c(c, ldc)
                .pointed(count)
                .run();
    }

    static void cublasSgemmStridedBatched(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            Pointer a,
            int lda,
            long strideA,
            Pointer b,
            int ldb,
            long strideB,
            Pointer beta,
            Pointer c,
            int ldc,
            long strideC,
            int count) {
        BlasCall.of("cublasSgemmStridedBatched", handle, BlasRoutine.BLAS_GEMM, false)
                .transposed(transA, transB)
                .size(m, n, k)
                .alpha(alpha)
                .a(a, lda)
                .b(b, ldb)
                .beta(beta)
                .c(c, ldc)
                .strided(strideA, strideB, strideC, count)
                .run();
    }

    static void cublasDgemv(
            cublasHandle handle,
            int trans,
            int m,
            int n,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer x,
            int stepX,
            Pointer beta,
            Pointer y,
            int stepY) {
        BlasCall.of("cublasDgemv", handle, BlasRoutine.BLAS_GEMV, true)
                .transposed(trans, 0)
                .size(m, n, 0)
                .alpha(alpha)
                .a(a, lda)
                .b(x, stepX)
                .beta(beta)
                .c(y, stepY)
                .run();
    }

    static void cublasDger(
            cublasHandle handle,
            int m,
            int n,
            Pointer alpha,
            Pointer x,
            int stepX,
            Pointer y,
            int stepY,
            Pointer a,
            int lda) {
        BlasCall.of("cublasDger", handle, BlasRoutine.BLAS_GER, true)
                .size(m, n, 0)
                .alpha(alpha)
                .a(x, stepX)
                .b(y, stepY)
                .c(a, lda)
                .run();
    }

    static void cublasDtrmv(
            cublasHandle handle, int uplo, int trans, int diag, int n, Pointer a, int lda, Pointer x, int stepX) {
        BlasCall.of("cublasDtrmv", handle, BlasRoutine.BLAS_TRMV, true)
                .triangle(0, uplo, diag)
                .transposed(trans, 0)
                .size(0, n, 0)
                .a(a, lda)
                .c(x, stepX)
                .run();
    }

    static void cublasDtrsm(
            cublasHandle handle,
            int side,
            int uplo,
            int trans,
            int diag,
            int m,
            int n,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer b,
            int ldb) {
        BlasCall.of("cublasDtrsm", handle, BlasRoutine.BLAS_TRSM, true)
                .triangle(side, uplo, diag)
                .transposed(trans, 0)
                .size(m, n, 0)
                .alpha(alpha)
                .a(a, lda)
                .c(b, ldb)
                .run();
    }

    static void cublasDgeam(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer beta,
            Pointer b,
            int ldb,
            Pointer c,
            int ldc) {
        BlasCall.of("cublasDgeam", handle, BlasRoutine.BLAS_GEAM, true)
                .transposed(transA, transB)
                .size(m, n, 0)
                .alpha(alpha)
                .a(a, lda)
                .beta(beta)
                .b(b, ldb)
                .c(c, ldc)
                .run();
    }

    static void cublasDgemm(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            Pointer beta,
            Pointer c,
            int ldc) {
        BlasCall.of("cublasDgemm", handle, BlasRoutine.BLAS_GEMM, true)
                .transposed(transA, transB)
                .size(m, n, k)
                .alpha(alpha)
                .a(a, lda)
                .b(b, ldb)
                .beta(beta)
                .c(c, ldc)
                .run();
    }

    static void cublasDgemmBatched(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            Pointer beta,
            Pointer c,
            int ldc,
            int count) {
        BlasCall.of("cublasDgemmBatched", handle, BlasRoutine.BLAS_GEMM, true)
                .transposed(transA, transB)
                .size(m, n, k)
                .alpha(alpha)
                .a(a, lda)
                .b(b, ldb)
                .beta(beta)
                .c(c, ldc)
                .pointed(count)
                .run();
    }

    static void cublasDgemmStridedBatched(
            cublasHandle handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            Pointer a,
            int lda,
            long strideA,
            Pointer b,
            int ldb,
            long strideB,
            Pointer beta,
            Pointer c,
            int ldc,
            long strideC,
            int count) {
        BlasCall.of("cublasDgemmStridedBatched", handle, BlasRoutine.BLAS_GEMM, true)
                .transposed(transA, transB)
                .size(m, n, k)
                .alpha(alpha)
                .a(a, lda)
                .b(b, ldb)
                .beta(beta)
                .c(c, ldc)
                .strided(strideA, strideB, strideC, count)
                .run();
    }
}
