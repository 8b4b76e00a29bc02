package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;

/**
 * Our end of a socket that another domain serves: one request at a time, each with its reply. Safe for any thread. The hang-up of
 * the socket, seen by the {@link ControlLoop}, is the notice of the domain's death.
 */
final class ControlLink {
    /** A domain that lives answers at once; one that is stopped must not hang us. */
    private static final long REPLY_TIMEOUT_NANOS = 5_000_000_000L;

    private final int domain;
    private final int fd;
    private final long incarnation;
    private int nextId;
    private boolean closed;

    /** What came back: the packet's fields, and a descriptor that the caller owns, or -1. */
    record Reply(int status, int number, int extra, long incarnation, int fd) {}

    /**
     * Connects to a domain and says who we are.
     *
     * @throws ArgoException ESRCH if nobody serves the domain, EPERM if it does not believe us
     */
    static ControlLink connect(Fabric fabric, int domain, int ownDomain, long ownIncarnation) throws IOException {
        int fd = Linux.seqpacketSocket();
        try {
            Linux.connect(fd, fabric.socket(domain));
        } catch (IOException e) {
            Linux.close(fd);
            if (e instanceof LinuxException linux
                    && (linux.errno() == Linux.ENOENT || linux.errno() == Linux.ECONNREFUSED)) {
                throw new ArgoException(ArgoError.ESRCH, "no such domain in " + fabric + ": " + domain);
            }
            throw e;
        }
        try {
            ControlLink unnamed = new ControlLink(domain, fd, 0);
            Reply reply = unnamed.request(ControlDescriptor.HELLO, 0, ownDomain, 0, ownIncarnation, List.of());
            if (reply.status() != 0) {
                throw new ArgoException(
                        ArgoError.of(reply.status()),
                        "domain " + domain + " of " + fabric + " refuses to talk to domain " + ownDomain);
            }
            return new ControlLink(domain, fd, reply.incarnation());
        } catch (IOException e) {
            Linux.close(fd);
            throw e;
        }
    }

    private ControlLink(int domain, int fd, long incarnation) {
        this.domain = domain;
        this.fd = fd;
        this.incarnation = incarnation;
    }

    int fd() {
        return fd;
    }

    /** Tells one life of a domain from the next. */
    long incarnation() {
        return incarnation;
    }

    /**
     * Sends a request and waits for its reply.
     *
     * @throws ArgoException ESRCH if the domain dies; EAGAIN if it does not answer in time
     */
    synchronized Reply request(
            int kind, long port, int number, int extra, long ownIncarnation, List<MemorySegment> data)
            throws IOException {
        if (closed) {
            throw gone();
        }
        int id = nextId++;
        try (Arena arena = Arena.ofConfined()) {
            long bytes = ControlDescriptor.BYTES;
            for (MemorySegment part : data) {
                bytes += part.byteSize();
            }
            MemorySegment packet = arena.allocate(bytes, 8);
            ControlDescriptor.write(packet, kind, id, 0, (int) port, number, extra, ownIncarnation);
            long at = ControlDescriptor.BYTES;
            for (MemorySegment part : data) {
                MemorySegment.copy(part, 0, packet, at, part.byteSize());
                at += part.byteSize();
            }
            Linux.send(fd, packet, -1);
            return awaitReply(arena, kind, id);
        } catch (LinuxException e) {
            if (e.errno() == Linux.EAGAIN) {
                throw new ArgoException(ArgoError.EAGAIN, "domain " + domain + " does not take requests");
            }
            throw gone();
        }
    }

    private Reply awaitReply(Arena arena, int kind, int id) throws IOException {
        MemorySegment packet = arena.allocate(ControlDescriptor.MAXIMUM_PACKET_BYTES, 8);
        MemorySegment poll = arena.allocate(8, 4);
        poll.set(ValueLayout.JAVA_INT, 0, fd);
        poll.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
        long start = System.nanoTime();
        for (long left = REPLY_TIMEOUT_NANOS; left > 0; left = REPLY_TIMEOUT_NANOS - (System.nanoTime() - start)) {
            if (Linux.poll(poll, 1, (int) (left / 1_000_000) + 1) == 0) {
                continue;
            }
            Linux.Packet received = Linux.receive(fd, packet);
            if (received.bytes() == 0) {
                closeUnwanted(received.fd());
                throw gone();
            }
            if (!ControlDescriptor.hasMagic(packet, received.bytes())) {
                closeUnwanted(received.fd());
                throw new IOException("domain " + domain + " does not speak the fabric's protocol");
            }
            int version = ControlDescriptor.version(packet);
            if (version != ControlDescriptor.VERSION) {
                closeUnwanted(received.fd());
                throw new IOException("domain " + domain + " speaks version " + version
                        + " of the fabric's protocol, this is version " + ControlDescriptor.VERSION);
            }
            if (received.fd() >= 0 && kind != ControlDescriptor.RESOLVE) {
                closeUnwanted(received.fd());
                throw new IOException("domain " + domain + " sent a descriptor that nobody asked for");
            }
            if (ControlDescriptor.id(packet) == id) {
                return new Reply(
                        ControlDescriptor.status(packet),
                        ControlDescriptor.number(packet),
                        ControlDescriptor.extra(packet),
                        ControlDescriptor.incarnation(packet),
                        received.fd());
            }
            closeUnwanted(received.fd()); // the answer to a request that was given up
        }
        throw new ArgoException(ArgoError.EAGAIN, "domain " + domain + " does not answer");
    }

    private static void closeUnwanted(int fd) {
        if (fd >= 0) {
            Linux.close(fd);
        }
    }

    private ArgoException gone() {
        return new ArgoException(ArgoError.ESRCH, "domain " + domain + " is gone");
    }

    /** Ends a request in progress, then closes the socket. */
    void close() {
        Linux.shutdown(fd);
        synchronized (this) {
            if (!closed) {
                closed = true;
                Linux.close(fd);
            }
        }
    }
}
