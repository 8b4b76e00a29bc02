package org.v4vgpu.client;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.CudaStatus;

/**
 * A CUDA call failed. Thrown at the client's edge only: on the wire and in JCuda the same fact is a number.
 *
 * <p>{@link #status()} is the CUresult. {@code CUDA_ERROR_DEVICE_UNAVAILABLE} (46) says that the server can't be reached or was
 * lost; nothing of that session works afterwards.
 */
public final class CudaException extends RuntimeException {
    private final int code;

    public CudaException(CudaStatus status, String what) {
        this(status, what, null);
    }

    public CudaException(CudaStatus status, String what, @Nullable Throwable cause) {
        super(status + ": " + what, cause);
        this.code = status.code();
    }

    public CudaStatus status() {
        return new CudaStatus(code);
    }

    /** The status and what was wrong, on one line. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }

    static CudaException invalidValue(String what) {
        return new CudaException(CudaStatus.INVALID_VALUE, what);
    }
}
