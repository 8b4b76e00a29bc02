package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.SharedSendRing;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor.OwnRing;

/** What a domain answers to the requests of others. Confined to the {@link ControlLoop}'s thread; never waits for anything. */
final class ControlServer {
    private static final Logger LOG = System.getLogger(ControlServer.class.getName());

    private final SharedMemoryHypervisor hypervisor;

    ControlServer(SharedMemoryHypervisor hypervisor) {
        this.hypervisor = hypervisor;
    }

    /** Answers one request of a domain. False if the link is to be closed. */
    boolean serve(ServedLink link, MemorySegment packet, MemorySegment reply) throws IOException {
        int kind = ControlDescriptor.kind(packet);
        if (kind == ControlDescriptor.HELLO) {
            return serveHello(link, packet, reply);
        }
        Peer peer = link.peer;
        if (peer == null) {
            throw new IOException("did not say who it is");
        }
        return switch (kind) {
            case ControlDescriptor.RESOLVE -> serveResolve(link, peer, packet, reply);
            case ControlDescriptor.SEND -> answer(link, packet, reply, acceptMessage(peer, packet), 0, 0, -1);
            case ControlDescriptor.NOTIFY -> serveNotify(link, peer, packet, reply);
            default -> throw new IOException("made the unknown request " + kind);
        };
    }

    private boolean serveHello(ServedLink link, MemorySegment packet, MemorySegment reply) throws IOException {
        int claimed = ControlDescriptor.number(packet);
        boolean valid = link.peer == null
                && claimed >= 0
                && claimed < V4vAddress.DOMAIN_ANY
                && DomainClaim.isHeldBy(hypervisor.fabric(), claimed, link.pid);
        if (valid) {
            link.peer = hypervisor.peer(claimed, ControlDescriptor.incarnation(packet));
        } else {
            LOG.log(
                    Level.WARNING,
                    "process " + link.pid + " says that it is domain " + claimed + " of " + hypervisor.fabric()
                            + ", which it is not");
        }
        answer(link, packet, reply, valid ? 0 : ArgoError.EPERM.errno(), 0, 0, -1);
        return valid;
    }

    private boolean serveResolve(ServedLink link, Peer peer, MemorySegment packet, MemorySegment reply)
            throws IOException {
        synchronized (hypervisor) {
            OwnRing ring = hypervisor.ringFor(peer, ControlDescriptor.port(packet));
            return ring == null
                    ? answer(link, packet, reply, ArgoError.ECONNREFUSED.errno(), 0, 0, -1)
                    : answer(
                            link,
                            packet,
                            reply,
                            0,
                            ring.fd() < 0 ? 0 : ring.ring().lengthBytes(),
                            0,
                            ring.fd());
        }
    }

    private boolean serveNotify(ServedLink link, Peer peer, MemorySegment packet, MemorySegment reply)
            throws IOException {
        synchronized (hypervisor) {
            OwnRing ring = hypervisor.ringFor(peer, ControlDescriptor.port(packet));
            if (ring == null) {
                return answer(link, packet, reply, 0, 0, 0, -1);
            }
            int maximum = ring.ring().lengthBytes() - 2 * V4vHypervisor.SLOT_BYTES;
            int free = ring.ring().freeMessageBytes();
            int wanted = ControlDescriptor.number(packet);
            int flags = ControlDescriptor.FLAG_EXISTS
                    | (ring.fd() < 0 ? ControlDescriptor.FLAG_SHARED : 0)
                    | (free == maximum ? ControlDescriptor.FLAG_EMPTY : 0)
                    | (wanted < 0 || wanted > maximum ? ControlDescriptor.FLAG_TOO_LARGE : 0)
                    | (wanted >= 0 && wanted <= free ? ControlDescriptor.FLAG_SUFFICIENT : 0);
            return answer(link, packet, reply, 0, maximum, flags, -1);
        }
    }

    private int acceptMessage(Peer peer, MemorySegment packet) {
        synchronized (hypervisor) {
            OwnRing ring = hypervisor.sharedRing(ControlDescriptor.port(packet));
            if (ring == null || ring.writer() == null) {
                return ArgoError.ECONNREFUSED.errno();
            }
            SharedSendRing writer = ring.writer();
            int bytes = (int) (packet.byteSize() - ControlDescriptor.BYTES);
            try {
                if (!writer.claim(bytes)) {
                    return ArgoError.EAGAIN.errno();
                }
                writer.put(0, packet, ControlDescriptor.BYTES, bytes);
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
                hypervisor.incarnation());
        Linux.send(link.fd, reply, fd);
        return true;
    }
}
