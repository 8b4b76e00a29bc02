package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * Our end of a socket that another domain serves: one request at a time, each with its reply. Safe for any thread. The hang-up of
 * the socket, seen by the {@link ControlLoop}, is the notice of the domain's death.
 *
 * <p>Nothing here waits longer than the caller's patience: a domain may be stopped, with its backlog full.
 */
final class ControlLink {
    private static final long CONNECT_POLL_NANOS = 1_000_000;
    private static final int LEAST_BEAT_MILLIS = 5;
    private static final int MOST_BEAT_MILLIS = 3_600_000;

    private final int domain;
    private final int fd;
    private final long incarnation;
    private final int beatMillis;

    /** Held by whoever uses the socket. */
    private final ReentrantLock asking = new ReentrantLock();

    private final AtomicBoolean ending = new AtomicBoolean();

    // Guarded by asking.
    private int nextId;
    private boolean closed;

    /** What came back: the packet's fields, and a descriptor that the caller owns, or -1. */
    record Reply(int status, int number, int extra, long incarnation, int fd) {}

    /**
     * A request.
     *
     * @param data what follows the packet's fields
     * @param length of a message that travels as a descriptor, else 0
     * @param fd the descriptor, which stays the caller's, or -1
     */
    record Request(
            int kind,
            long port,
            int number,
            int extra,
            long incarnation,
            List<MemorySegment> data,
            int length,
            int fd) {
        static Request of(int kind, long port, int number, int extra) {
            return new Request(kind, port, number, extra, 0, List.of(), 0, -1);
        }
    }

    /**
     * Connects to a domain and says who we are.
     *
     * @param aside whether this is not the socket whose hang-up says that we died
     * @throws ArgoException ESRCH if nobody serves the domain, EPERM if it does not believe us, EAGAIN if it does not answer
     */
    static ControlLink connect(
            Fabric fabric, int domain, int ownDomain, long ownIncarnation, boolean aside, long patienceNanos)
            throws IOException {
        long start = System.nanoTime();
        int fd = Linux.seqpacketSocket();
        try {
            connect(fd, fabric, domain, start, patienceNanos);
            ControlLink unnamed = new ControlLink(domain, fd, 0, 0);
            Request hello = new Request(
                    ControlDescriptor.HELLO,
                    0,
                    ownDomain,
                    aside ? ControlDescriptor.ASIDE : 0,
                    ownIncarnation,
                    List.of(),
                    0,
                    -1);
            Reply reply = unnamed.request(hello, patienceNanos - (System.nanoTime() - start));
            if (reply.status() != 0) {
                throw new ArgoException(
                        ArgoError.of(reply.status()),
                        "domain " + domain + " of " + fabric + " refuses to talk to domain " + ownDomain);
            }
            int beatMillis = reply.number() <= 0 ? 0 : Math.clamp(reply.number(), LEAST_BEAT_MILLIS, MOST_BEAT_MILLIS);
            return new ControlLink(domain, fd, reply.incarnation(), beatMillis);
        } catch (IOException | RuntimeException e) {
            Linux.close(fd);
            throw e;
        }
    }

    private static void connect(int fd, Fabric fabric, int domain, long start, long patienceNanos) throws IOException {
        while (true) {
            try {
                Linux.connect(fd, fabric.socket(domain));
                return;
            } catch (LinuxException e) {
                if (e.errno() == Linux.ENOENT || e.errno() == Linux.ECONNREFUSED) {
                    throw new ArgoException(ArgoError.ESRCH, "no such domain in " + fabric + ": " + domain);
                }
                if (e.errno() != Linux.EAGAIN) {
                    throw e;
                }
                if (System.nanoTime() - start >= patienceNanos) {
                    throw new ArgoException(ArgoError.EAGAIN, "domain " + domain + " does not take links");
                }
                IdleStrategy.pause(CONNECT_POLL_NANOS);
            }
        }
    }

    private ControlLink(int domain, int fd, long incarnation, int beatMillis) {
        this.domain = domain;
        this.fd = fd;
        this.incarnation = incarnation;
        this.beatMillis = beatMillis;
    }

    int fd() {
        return fd;
    }

    /** Tells one life of a domain from the next. */
    long incarnation() {
        return incarnation;
    }

    /** How often the domain wants a sign of life; 0 for never. */
    int beatMillis() {
        return beatMillis;
    }

    /**
     * Makes a request and waits for its reply.
     *
     * @throws ArgoException ESRCH if the domain is gone, EAGAIN if it does not answer in that time
     * @throws IOException if it speaks something else
     */
    Reply request(Request request, long patienceNanos) throws IOException {
        long start = System.nanoTime();
        acquire(patienceNanos);
        try {
            if (closed) {
                throw gone();
            }
            return exchange(request, start, patienceNanos);
        } catch (LinuxException e) {
            if (e.errno() == Linux.EAGAIN) {
                throw new ArgoException(ArgoError.EAGAIN, "domain " + domain + " does not take requests");
            }
            throw gone();
        } finally {
            asking.unlock();
        }
    }

    /** Takes the socket's turn. An interrupt ends no wait, as everywhere here; it stays pending. */
    private void acquire(long patienceNanos) throws ArgoException {
        long start = System.nanoTime();
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    if (asking.tryLock(patienceNanos - (System.nanoTime() - start), TimeUnit.NANOSECONDS)) {
                        return;
                    }
                    throw new ArgoException(ArgoError.EAGAIN, "domain " + domain + " does not answer others either");
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Reply exchange(Request request, long start, long patienceNanos) throws IOException {
        int id = nextId++;
        try (Arena arena = Arena.ofConfined()) {
            long bytes = ControlDescriptor.BYTES;
            for (MemorySegment part : request.data()) {
                bytes += part.byteSize();
            }
            MemorySegment packet = arena.allocate(bytes, 8);
            ControlDescriptor.write(
                    packet,
                    request.kind(),
                    id,
                    0,
                    (int) request.port(),
                    request.number(),
                    request.extra(),
                    request.incarnation());
            ControlDescriptor.writeLength(packet, request.length());
            long at = ControlDescriptor.BYTES;
            for (MemorySegment part : request.data()) {
                MemorySegment.copy(part, 0, packet, at, part.byteSize());
                at += part.byteSize();
            }
            Linux.send(fd, packet, request.fd());
            return awaitReply(arena, request.kind(), id, start, patienceNanos);
        }
    }

    private Reply awaitReply(Arena arena, int kind, int id, long start, long patienceNanos) throws IOException {
        MemorySegment packet = arena.allocate(ControlDescriptor.BYTES, 8);
        MemorySegment poll = arena.allocate(8, 4);
        poll.set(ValueLayout.JAVA_INT, 0, fd);
        poll.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
        for (long left = patienceNanos; left > 0; left = patienceNanos - (System.nanoTime() - start)) {
            if (Linux.poll(poll, 1, (int) Math.min(left / 1_000_000 + 1, Integer.MAX_VALUE)) == 0) {
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
            if (received.fd() >= 0 && kind != ControlDescriptor.RESOLVE && kind != ControlDescriptor.WINDOW) {
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

    /** Shows life, unless a request is doing that. Never waits: a domain that does not read has enough of them. */
    void beat() throws IOException {
        if (!asking.tryLock()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            if (!closed) {
                MemorySegment packet = arena.allocate(ControlDescriptor.BYTES, 8);
                ControlDescriptor.write(packet, ControlDescriptor.BEAT, 0, 0, 0, 0, 0, 0);
                Linux.send(fd, packet, -1);
            }
        } catch (LinuxException e) {
            if (e.errno() != Linux.EAGAIN && e.errno() != Linux.EPIPE && e.errno() != Linux.ECONNRESET) {
                throw e;
            }
        } finally {
            asking.unlock();
        }
    }

    /** Ends a request in progress, then closes the socket. */
    void close() {
        if (!ending.compareAndSet(false, true)) {
            return; // the number may be somebody else's by now
        }
        Linux.shutdown(fd);
        asking.lock();
        try {
            closed = true;
            Linux.close(fd);
        } finally {
            asking.unlock();
        }
    }
}
