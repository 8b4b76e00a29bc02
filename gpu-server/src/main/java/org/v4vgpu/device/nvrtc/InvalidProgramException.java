package org.v4vgpu.device.nvrtc;

/** A program that no compiler needs to see to know that it is wrong: an option that is not allowed and its kind. */
final class InvalidProgramException extends Exception {
    private final Compilation.Result result;

    InvalidProgramException(Compilation.Result result, String message) {
        super(message);
        this.result = result;
    }

    Compilation compilation() {
        return Compilation.failed(result, getMessage() + "\n");
    }
}
