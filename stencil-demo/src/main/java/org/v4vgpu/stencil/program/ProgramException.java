package org.v4vgpu.stencil.program;

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
}
