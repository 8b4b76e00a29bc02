package org.v4vgpu.bench.gpu;

/** A step of the kit failed, in one line; the next one begins. */
final class StepException extends Exception {
    private static final long serialVersionUID = 1L;

    StepException(String message) {
        super(message);
    }
}
