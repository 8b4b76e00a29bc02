package org.v4vgpu.stencil;

/** What ends the demo: one line for its user, and the exit code. */
final class DemoException extends Exception {
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int UNREACHABLE = 3;

    private static final long serialVersionUID = 1;

    private final int exitCode;

    DemoException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    DemoException(int exitCode, String message, Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
