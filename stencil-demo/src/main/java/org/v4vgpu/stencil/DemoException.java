package org.v4vgpu.stencil;

/** What ends the demo: one line for its user, and the exit code. */
final class DemoException extends Exception {
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int UNREACHABLE = 3;

    /** What a process that Ctrl-C ended exits with: 128 and SIGINT. */
    private static final int INTERRUPTED = 130;

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

    /** For the end of a child process. A Ctrl-C at the terminal ends them all, and is nothing to complain about. */
    static DemoException ofEnd(int childExitCode, int exitCode, String message) {
        return childExitCode == INTERRUPTED
                ? new DemoException(INTERRUPTED, "interrupted")
                : new DemoException(exitCode, message);
    }

    int exitCode() {
        return exitCode;
    }
}
