package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Links to a domain that nobody uses, as many as its backlog takes. */
public final class ControlBacklog implements AutoCloseable {
    private final List<Integer> links = new ArrayList<>();

    /** Fills the backlog of a domain that accepts nothing, because it is stopped. */
    public static ControlBacklog fill(Fabric fabric, int domain) throws IOException {
        ControlBacklog backlog = new ControlBacklog();
        while (true) {
            int fd = Linux.seqpacketSocket();
            backlog.links.add(fd);
            try {
                Linux.connect(fd, fabric.socket(domain));
            } catch (LinuxException e) {
                if (e.errno() == Linux.EAGAIN) {
                    return backlog;
                }
                throw e;
            }
        }
    }

    private ControlBacklog() {}

    @Override
    public void close() {
        links.forEach(Linux::close);
    }
}
