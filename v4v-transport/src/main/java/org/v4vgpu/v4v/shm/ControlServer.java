package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.SharedSendRing;

/** What a domain answers to the requests of others. Confined to the {@link ControlLoop}'s thread; never waits for anything. */
final class ControlServer {
    private static final Logger LOG = System.getLogger(ControlServer.class.getName());

    private final FabricDomain domain;

    ControlServer(FabricDomain domain) {
        this.domain = domain;
    }

    /**
     * Answers one request of a domain.
     *
     * @param fd the descriptor that came with it, the caller's, or -1
     * @return false if the link is to be closed
     */
    boolean serve(ServedLink link, MemorySegment packet, int fd, MemorySegment reply) throws IOException {
        int kind = ControlDescriptor.kind(packet);
        if (fd >= 0 && kind != ControlDescriptor.SEND) {
            throw new IOException("sent a descriptor");
        }
        if (kind == ControlDescriptor.HELLO) {
            return serveHello(link, packet, reply);
        }
        Peer peer = link.peer;
        if (peer == null) {
            throw new IOException("did not say who it is");
        }
        if (kind == ControlDescriptor.BEAT) {
            link.hasBeaten = true;
            return true;
        }
        if (kind == ControlDescriptor.WINDOW) {
            return serveWindow(link, peer, packet, reply);
        }
        if (!domain.configuration().allows(ControlDescriptor.port(packet), peer.domain)) {
            return answer(link, packet, reply, ArgoError.EPERM.errno(), 0, 0, -1);
        }
        return switch (kind) {
            case ControlDescriptor.RESOLVE -> serveResolve(link, peer, packet, reply);
            case ControlDescriptor.SEND -> answer(link, packet, reply, acceptMessage(peer, packet, fd), 0, 0, -1);
            case ControlDescriptor.NOTIFY, ControlDescriptor.WAIT -> serveNotify(link, peer, packet, reply);
            default -> throw new IOException("made the unknown request " + kind);
        };
    }

    private boolean serveHello(ServedLink link, MemorySegment packet, MemorySegment reply) throws IOException {
        int claimed = ControlDescriptor.number(packet);
        boolean valid = link.peer == null
                && claimed >= 0
                && claimed < V4vAddress.DOMAIN_ANY
                && DomainClaim.isHeldBy(domain.fabric(), claimed, link.pid);
        if (valid) {
            link.peer = domain.peers().inLife(claimed, ControlDescriptor.incarnation(packet));
            link.isAside = ControlDescriptor.extra(packet) == ControlDescriptor.ASIDE;
        } else {
            LOG.log(
                    Level.WARNING,
                    "process " + link.pid + " says that it is domain " + claimed + " of " + domain.fabric()
                            + ", which it is not");
        }
        int beatMillis = domain.configuration().beatMillis();
        answer(link, packet, reply, valid ? 0 : ArgoError.EPERM.errno(), beatMillis, 0, -1);
        return valid;
    }

    private boolean serveResolve(ServedLink link, Peer peer, MemorySegment packet, MemorySegment reply)
            throws IOException {
        synchronized (domain) {
            OwnRing ring = domain.rings().ringFor(peer, ControlDescriptor.port(packet));
            return ring == null
                    ? answer(link, packet, reply, ArgoError.ECONNREFUSED.errno(), 0, 0, -1)
                    : answer(
                            link,
                            packet,
                            reply,
                            0,
                            ring.isShared() ? 0 : ring.ring().lengthBytes(),
                            0,
                            ring.fd());
        }
    }

    /** A window is the peer's alone, whatever the rules about ports say, and leaves with the answer. */
    private boolean serveWindow(ServedLink link, Peer peer, MemorySegment packet, MemorySegment reply)
            throws IOException {
        int fd = domain.windows().take(peer, (int) ControlDescriptor.port(packet));
        if (fd < 0) {
            return answer(link, packet, reply, ArgoError.ECONNREFUSED.errno(), 0, 0, -1);
        }
        try {
            return answer(link, packet, reply, 0, 0, 0, fd);
        } finally {
            Linux.close(fd);
        }
    }

    private boolean serveNotify(ServedLink link, Peer peer, MemorySegment packet, MemorySegment reply)
            throws IOException {
        boolean waits = ControlDescriptor.kind(packet) == ControlDescriptor.WAIT;
        long port = ControlDescriptor.port(packet);
        int wanted = ControlDescriptor.number(packet);
        synchronized (domain) {
            OwnRing ring = domain.rings().ringFor(peer, port);
            if (ring == null) {
                return answer(link, packet, reply, 0, 0, 0, -1);
            }
            int flags = flags(ring, wanted);
            if ((flags & (ControlDescriptor.FLAG_SUFFICIENT | ControlDescriptor.FLAG_TOO_LARGE)) != 0) {
                ring.waiting().cancel(peer);
                return answer(link, packet, reply, 0, maximum(ring), flags, -1);
            }
            WaitingList.Question question = new WaitingList.Question(link, ControlDescriptor.id(packet), port, wanted);
            boolean queued =
                    waits ? ring.waiting().add(peer, question) : ring.waiting().add(peer, wanted);
            watch(ring);
            if (!queued) {
                return answer(
                        link,
                        packet,
                        reply,
                        waits ? ArgoError.EBUSY.errno() : 0,
                        maximum(ring),
                        flags | ControlDescriptor.FLAG_BUSY,
                        -1);
            }
            return waits || answer(link, packet, reply, 0, maximum(ring), flags, -1);
        }
    }

    private static int maximum(OwnRing ring) {
        return ring.ring().lengthBytes() - 2 * V4vHypervisor.SLOT_BYTES;
    }

    private static int flags(OwnRing ring, int wanted) {
        int maximum = maximum(ring);
        int free = ring.ring().freeMessageBytes();
        return ControlDescriptor.FLAG_EXISTS
                | (ring.isShared() ? ControlDescriptor.FLAG_SHARED : 0)
                | (free == maximum ? ControlDescriptor.FLAG_EMPTY : 0)
                | (wanted < 0 || wanted > maximum ? ControlDescriptor.FLAG_TOO_LARGE : 0)
                | (wanted >= 0 && wanted <= free ? ControlDescriptor.FLAG_SUFFICIENT : 0);
    }

    /** Space that frees from now on wakes the loop; what has become free just before is seen in its next turn. */
    private void watch(OwnRing ring) {
        ring.ring().watch(true);
        domain.wakeLoop();
    }

    private int acceptMessage(Peer peer, MemorySegment packet, int fd) throws IOException {
        int bytes = fd >= 0 ? ControlDescriptor.length(packet) : (int) (packet.byteSize() - ControlDescriptor.BYTES);
        if (fd >= 0 && (bytes < 0 || bytes > V4vHypervisor.MAXIMUM_MESSAGE_BYTES || !Linux.isSealed(fd, bytes))) {
            throw new IOException("sent a message of " + bytes + " bytes that is not in sealed memory");
        }
        synchronized (domain) {
            OwnRing ring = domain.rings().sharedRing(ControlDescriptor.port(packet));
            if (ring == null || ring.writer() == null) {
                return ArgoError.ECONNREFUSED.errno();
            }
            SharedSendRing writer = ring.writer();
            try (Arena arena = Arena.ofConfined()) {
                if (!writer.claim(bytes)) {
                    boolean queued = ring.waiting().add(peer, bytes);
                    watch(ring);
                    return queued ? ArgoError.EAGAIN.errno() : ArgoError.EBUSY.errno();
                }
                MemorySegment message =
                        fd >= 0 ? Linux.map(fd, bytes, arena) : packet.asSlice(ControlDescriptor.BYTES, bytes);
                writer.put(0, message, 0, bytes);
                writer.commit(
                        new V4vAddress(peer.domain, Integer.toUnsignedLong(ControlDescriptor.number(packet))),
                        ControlDescriptor.extra(packet));
                return 0;
            } catch (ArgoException e) {
                return e.error().errno();
            } catch (IOException e) {
                return ArgoError.EFAULT.errno();
            }
        }
    }

    /** Answers those who wait for space that is there now. */
    void answerWaiting(MemorySegment reply) throws IOException {
        for (WaitingList.Question question : domain.rings().answerable()) {
            ServedLink link = question.link();
            synchronized (domain) {
                OwnRing ring = link.peer == null ? null : domain.rings().ringFor(link.peer, question.port());
                ControlDescriptor.write(
                        reply,
                        ControlDescriptor.WAIT,
                        question.id(),
                        0,
                        (int) question.port(),
                        ring == null ? 0 : maximum(ring),
                        ring == null ? 0 : flags(ring, question.wantedBytes()) | ControlDescriptor.FLAG_SUFFICIENT,
                        domain.incarnation());
            }
            try {
                Linux.send(link.fd, reply, -1);
            } catch (LinuxException e) {
                LOG.log(Level.DEBUG, "who waited for space has gone: {0}", e.getMessage());
            }
        }
    }

    private boolean answer(
            ServedLink link, MemorySegment packet, MemorySegment reply, int status, int number, int extra, int fd)
            throws IOException {
        ControlDescriptor.write(
                reply,
                ControlDescriptor.kind(packet),
                ControlDescriptor.id(packet),
                status,
                (int) ControlDescriptor.port(packet),
                number,
                extra,
                domain.incarnation());
        Linux.send(link.fd, reply, fd);
        return true;
    }
}
