package org.v4vgpu.stencil.program;

import jcuda.CudaException;

/** What ends the program: one line for its user, and the exit code. */
final class ProgramException extends Exception {
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int UNREACHABLE = 3;

    private static final long serialVersionUID = 1;

    private final int exitCode;

    ProgramException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    ProgramException(int exitCode, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }

    /** The exit code for a failed CUDA call: whether the device is gone, or the call was wrong. */
    static int exitCode(CudaException e) {
        String name = String.valueOf(e.getMessage());
        return name.contains("NO_DEVICE") || name.contains("DEVICE_UNAVAILABLE") || name.contains("SYSTEM_NOT_READY")
                ? UNREACHABLE
                : FAILED;
    }
}
