package org.v4vgpu.v4v.shm;

import java.io.IOException;

/** A system call failed. */
final class LinuxException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    LinuxException(String call, int errno) {
        super(errno == 0 ? call : call + " failed with errno " + errno);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }
}
