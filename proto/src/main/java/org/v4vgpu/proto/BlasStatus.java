package org.v4vgpu.proto;

/**
 * A cublasStatus_t of the server's cuBLAS on its way to the client: beyond the numbers of CUresult, so that it arrives unchanged where a
 * program asked cuBLAS, and as the nearest CUresult where it did not.
 *
 * <p>Source: cuBLAS documentation, cublasStatus_t.
 */
public final class BlasStatus {
    public static final int NOT_INITIALIZED = 1;
    public static final int ALLOC_FAILED = 3;
    public static final int INVALID_VALUE = 7;
    public static final int ARCH_MISMATCH = 8;
    public static final int MAPPING_ERROR = 11;
    public static final int EXECUTION_FAILED = 13;
    public static final int INTERNAL_ERROR = 14;
    public static final int NOT_SUPPORTED = 15;
    public static final int LICENSE_ERROR = 16;

    private static final int FIRST = 0xb1a500;
    private static final int COUNT = 256;

    private BlasStatus() {}

    /** The status as it travels. */
    public static CudaStatus of(int blasStatus) {
        return blasStatus > 0 && blasStatus < COUNT ? new CudaStatus(FIRST + blasStatus) : CudaStatus.UNKNOWN;
    }

    /** Whether cuBLAS said so, and not CUDA. */
    public static boolean isOne(CudaStatus status) {
        return status.code() > FIRST && status.code() < FIRST + COUNT;
    }

    /** The cublasStatus_t of one that {@link #isOne}. */
    public static int code(CudaStatus status) {
        if (!isOne(status)) {
            throw new IllegalArgumentException(status + " is none of cuBLAS");
        }
        return status.code() - FIRST;
    }

    /** The status itself, or the CUresult that comes nearest to one of cuBLAS. */
    public static CudaStatus asCuda(CudaStatus status) {
        if (!isOne(status)) {
            return status;
        }
        return switch (code(status)) {
            case NOT_INITIALIZED -> CudaStatus.NOT_INITIALIZED;
            case ALLOC_FAILED -> CudaStatus.OUT_OF_MEMORY;
            case INVALID_VALUE -> CudaStatus.INVALID_VALUE;
            case ARCH_MISMATCH -> CudaStatus.NO_BINARY_FOR_GPU;
            case NOT_SUPPORTED -> CudaStatus.NOT_SUPPORTED;
            default -> CudaStatus.UNKNOWN;
        };
    }

    /** The name as cublasGetStatusName gives it. */
    public static String name(int blasStatus) {
        return switch (blasStatus) {
            case 0 -> "CUBLAS_STATUS_SUCCESS";
            case NOT_INITIALIZED -> "CUBLAS_STATUS_NOT_INITIALIZED";
            case ALLOC_FAILED -> "CUBLAS_STATUS_ALLOC_FAILED";
            case INVALID_VALUE -> "CUBLAS_STATUS_INVALID_VALUE";
            case ARCH_MISMATCH -> "CUBLAS_STATUS_ARCH_MISMATCH";
            case MAPPING_ERROR -> "CUBLAS_STATUS_MAPPING_ERROR";
            case EXECUTION_FAILED -> "CUBLAS_STATUS_EXECUTION_FAILED";
            case INTERNAL_ERROR -> "CUBLAS_STATUS_INTERNAL_ERROR";
            case NOT_SUPPORTED -> "CUBLAS_STATUS_NOT_SUPPORTED";
            case LICENSE_ERROR -> "CUBLAS_STATUS_LICENSE_ERROR";
            default -> "cublasStatus_t " + blasStatus;
        };
    }
}
