package org.v4vgpu.v4v.shm;

import org.jspecify.annotations.Nullable;

/** A socket that another domain opened to us. Confined to the {@link ControlLoop}'s thread. */
final class ServedLink {
    final int fd;
    final int pid;

    /** Null until it has said who it is. */
    @Nullable
    Peer peer;

    /** A socket beside the first one: its hang-up is no death. */
    boolean isAside;

    /** When something came over it last. */
    long heardNanos = System.nanoTime();

    /** Whether a sign of life has come: until then the domain may still be starting. */
    boolean hasBeaten;

    ServedLink(int fd, int pid) {
        this.fd = fd;
        this.pid = pid;
    }
}
