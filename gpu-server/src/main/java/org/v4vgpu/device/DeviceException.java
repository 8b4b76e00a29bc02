package org.v4vgpu.device;

import org.v4vgpu.proto.CudaStatus;

/** A CUDA error: its status goes to the client as data, its message to the log. */
public final class DeviceException extends Exception {
    private final CudaStatus status;

    public DeviceException(CudaStatus status, String message) {
        super(message);
        this.status = status;
    }

    public DeviceException(CudaStatus status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    public CudaStatus status() {
        return status;
    }
}
