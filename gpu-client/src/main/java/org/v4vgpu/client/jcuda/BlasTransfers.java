package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** cuBLAS's copies of vectors and matrices. Safe for any thread. */
final class BlasTransfers {
    private BlasTransfers() {}

    static void cublasSetVector(int n, int elementBytes, Pointer x, int stepX, Pointer y, int stepY) {
        vector(n, elementBytes, x, stepX, y, stepY, null, "cublasSetVector");
    }

    static void cublasGetVector(int n, int elementBytes, Pointer x, int stepX, Pointer y, int stepY) {
        vector(n, elementBytes, x, stepX, y, stepY, null, "cublasGetVector");
    }

    static void cublasSetVectorAsync(
            int n, int elementBytes, Pointer x, int stepX, Pointer y, int stepY, @Nullable cudaStream_t stream) {
        vector(n, elementBytes, x, stepX, y, stepY, streamOf(stream), "cublasSetVectorAsync");
    }

    static void cublasGetVectorAsync(
            int n, int elementBytes, Pointer x, int stepX, Pointer y, int stepY, @Nullable cudaStream_t stream) {
        vector(n, elementBytes, x, stepX, y, stepY, streamOf(stream), "cublasGetVectorAsync");
    }

    static void cublasSetMatrix(int rows, int columns, int elementBytes, Pointer a, int lda, Pointer b, int ldb) {
        matrix(rows, columns, elementBytes, a, lda, b, ldb, null, "cublasSetMatrix");
    }

    static void cublasGetMatrix(int rows, int columns, int elementBytes, Pointer a, int lda, Pointer b, int ldb) {
        matrix(rows, columns, elementBytes, a, lda, b, ldb, null, "cublasGetMatrix");
    }

    static void cublasSetMatrixAsync(
            int rows,
            int columns,
            int elementBytes,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            @Nullable cudaStream_t stream) {
        matrix(rows, columns, elementBytes, a, lda, b, ldb, streamOf(stream), "cublasSetMatrixAsync");
    }

    static void cublasGetMatrixAsync(
            int rows,
            int columns,
            int elementBytes,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            @Nullable cudaStream_t stream) {
        matrix(rows, columns, elementBytes, a, lda, b, ldb, streamOf(stream), "cublasGetMatrixAsync");
    }

    private static void vector(
            int n,
            int elementBytes,
            Pointer x,
            int stepX,
            Pointer y,
            int stepY,
            @Nullable RemoteStream stream,
            String call) {
        mandatory(x, "x", call);
        mandatory(y, "y", call);
        requirePositive(elementBytes, "elemSize");
        requirePositive(stepX, "incx");
        requirePositive(stepY, "incy");
        rows(elementBytes, n, y, (long) stepY * elementBytes, x, (long) stepX * elementBytes, stream);
    }

    private static void matrix(
            int rows,
            int columns,
            int elementBytes,
            Pointer a,
            int lda,
            Pointer b,
            int ldb,
            @Nullable RemoteStream stream,
            String call) {
        mandatory(a, "A", call);
        mandatory(b, "B", call);
        requirePositive(elementBytes, "elemSize");
        requirePositive(lda, "lda");
        requirePositive(ldb, "ldb");
        if (rows < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "rows is " + rows);
        }
        rows((long) rows * elementBytes, columns, b, (long) ldb * elementBytes, a, (long) lda * elementBytes, stream);
    }

    private static void rows(
            long bytes,
            int count,
            Pointer to,
            long pitchTo,
            Pointer from,
            long pitchFrom,
            @Nullable RemoteStream stream) {
        if (count < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a length of " + count);
        }
        if (bytes > 0 && count > 0) {
            RemoteContext context = CurrentContext.ofRuntime();
            Copies.rows(context, to, pitchTo, from, pitchFrom, bytes, count, stream);
        }
    }

    private static RemoteStream streamOf(@Nullable cudaStream_t stream) {
        return Streams.of(stream, CurrentContext.ofRuntime());
    }

    private static void requirePositive(int value, String what) {
        if (value <= 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, what + " is " + value);
        }
    }
}
