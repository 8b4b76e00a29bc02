package org.v4vgpu.client.jcuda;

import jcuda.Pointer;
import jcuda.jcublas.cublasHandle;
import org.v4vgpu.proto.BlasRoutine;

/** cuBLAS's routines on vectors. Safe for any thread; each is {@link BlasCall}, in the order of its arguments. */
final class BlasVectors {
    private BlasVectors() {}

    static void cublasScopy(cublasHandle handle, int n, Pointer x, int stepX, Pointer y, int stepY) {
        BlasCall.of("cublasScopy", handle, BlasRoutine.BLAS_COPY, false)
                .length(n)
                .a(x, stepX)
                .c(y, stepY)
                .run();
    }

    static void cublasSswap(cublasHandle handle, int n, Pointer x, int stepX, Pointer y, int stepY) {
        BlasCall.of("cublasSswap", handle, BlasRoutine.BLAS_SWAP, false)
                .length(n)
                .a(x, stepX)
                .c(y, stepY)
                .run();
    }

    static void cublasSscal(cublasHandle handle, int n, Pointer alpha, Pointer x, int stepX) {
        BlasCall.of("cublasSscal", handle, BlasRoutine.BLAS_SCAL, false)
                .length(n)
                .alpha(alpha)
                .c(x, stepX)
                .run();
    }

    static void cublasSaxpy(cublasHandle handle, int n, Pointer alpha, Pointer x, int stepX, Pointer y, int stepY) {
        BlasCall.of("cublasSaxpy", handle, BlasRoutine.BLAS_AXPY, false)
                .length(n)
                .alpha(alpha)
                .a(x, stepX)
                .c(y, stepY)
                .run();
    }

    static void cublasSdot(cublasHandle handle, int n, Pointer x, int stepX, Pointer y, int stepY, Pointer result) {
        BlasCall.of("cublasSdot", handle, BlasRoutine.BLAS_DOT, false)
                .length(n)
                .a(x, stepX)
                .b(y, stepY)
                .reduce(result);
    }

    static void cublasSnrm2(cublasHandle handle, int n, Pointer x, int stepX, Pointer result) {
        BlasCall.of("cublasSnrm2", handle, BlasRoutine.BLAS_NRM2, false)
                .length(n)
                .a(x, stepX)
                .reduce(result);
    }

    static void cublasSasum(cublasHandle handle, int n, Pointer x, int stepX, Pointer result) {
        BlasCall.of("cublasSasum", handle, BlasRoutine.BLAS_ASUM, false)
                .length(n)
                .a(x, stepX)
                .reduce(result);
    }

    static void cublasIsamax(cublasHandle handle, int n, Pointer x, int stepX, Pointer result) {
        BlasCall.of("cublasIsamax", handle, BlasRoutine.BLAS_IAMAX, false)
                .length(n)
                .a(x, stepX)
                .reduce(result);
    }

    static void cublasDcopy(cublasHandle handle, int n, Pointer x, int stepX, Pointer y, int stepY) {
        BlasCall.of("cublasDcopy", handle, BlasRoutine.BLAS_COPY, true)
                .length(n)
                .a(x, stepX)
                .c(y, stepY)
                .run();
    }

    static void cublasDswap(cublasHandle handle, int n, Pointer x, int stepX, Pointer y, int stepY) {
        BlasCall.of("cublasDswap", handle, BlasRoutine.BLAS_SWAP, true)
                .length(n)
                .a(x, stepX)
                .c(y, stepY)
                .run();
    }

    static void cublasDscal(cublasHandle handle, int n, Pointer alpha, Pointer x, int stepX) {
        BlasCall.of("cublasDscal", handle, BlasRoutine.BLAS_SCAL, true)
                .length(n)
                .alpha(alpha)
                .c(x, stepX)
                .run();
    }

    static void cublasDaxpy(cublasHandle handle, int n, Pointer alpha, Pointer x, int stepX, Pointer y, int stepY) {
        BlasCall.of("cublasDaxpy", handle, BlasRoutine.BLAS_AXPY, true)
                .length(n)
                .alpha(alpha)
                .a(x, stepX)
                .c(y, stepY)
                .run();
    }

    static void cublasDdot(cublasHandle handle, int n, Pointer x, int stepX, Pointer y, int stepY, Pointer result) {
        BlasCall.of("cublasDdot", handle, BlasRoutine.BLAS_DOT, true)
                .length(n)
                .a(x, stepX)
                .b(y, stepY)
                .reduce(result);
    }

    static void cublasDnrm2(cublasHandle handle, int n, Pointer x, int stepX, Pointer result) {
        BlasCall.of("cublasDnrm2", handle, BlasRoutine.BLAS_NRM2, true)
                .length(n)
                .a(x, stepX)
                .reduce(result);
    }

    static void cublasDasum(cublasHandle handle, int n, Pointer x, int stepX, Pointer result) {
        BlasCall.of("cublasDasum", handle, BlasRoutine.BLAS_ASUM, true)
                .length(n)
                .a(x, stepX)
                .reduce(result);
    }

    static void cublasIdamax(cublasHandle handle, int n, Pointer x, int stepX, Pointer result) {
        BlasCall.of("cublasIdamax", handle, BlasRoutine.BLAS_IAMAX, true)
                .length(n)
                .a(x, stepX)
                .reduce(result);
    }
}
