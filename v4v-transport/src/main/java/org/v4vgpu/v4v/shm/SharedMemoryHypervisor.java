package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * One domain of a {@link Fabric}: V4V between the processes of a host. Safe for any thread.
 *
 * <p>Each domain serves a Unix socket in the fabric's directory; that is the control path, and its hang-up is how the others notice
 * a death. A ring for one partner is sealed memory which the receiver makes and the partner maps; that is the data path, with no
 * kernel in it. A ring for any partner is mapped by nobody else: messages for it come over the control path and are copied in
 * here, so that strangers can't touch each other's records. Who a sender is, the kernel says: the process at the other end of a
 * socket must hold the lock on its domain's file. Who may send, the fabric's {@code fabric.properties} says.
 *
 * {@snippet :
 *   try (var hypervisor = SharedMemoryHypervisor.open(Fabric.ofEnvironment(), 1)) {
 *       ReceiveRing listening = hypervisor.register(4840, V4vAddress.DOMAIN_ANY, 4096);
 *   }
 * }
 */
public final class SharedMemoryHypervisor implements V4vHypervisor {
    /** A domain that lives answers at once; one that is stopped must not hang us. */
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final FabricDomain own;
    private final long patienceNanos;

    /**
     * Becomes a domain of a fabric.
     *
     * @param domain the id, or {@link V4vAddress#DOMAIN_ANY} for a free one
     * @throws IOException if another process is that domain, or the directory or its configuration can't be used
     */
    public static SharedMemoryHypervisor open(Fabric fabric, int domain) throws IOException {
        return new SharedMemoryHypervisor(FabricDomain.open(fabric, domain), PATIENCE_NANOS);
    }

    private SharedMemoryHypervisor(FabricDomain own, long patienceNanos) {
        this.own = own;
        this.patienceNanos = patienceNanos;
    }

    @Override
    public V4vHypervisor withPatience(long timeoutNanos) {
        return new SharedMemoryHypervisor(own, timeoutNanos);
    }

    @Override
    public int domain() {
        return own.id();
    }

    @Override
    public String place() {
        return own.fabric().toString();
    }

    @Override
    public boolean isOpen() {
        return !own.isClosed();
    }

    @Override
    public ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException {
        if (lengthBytes < MINIMUM_RING_BYTES || lengthBytes > MAXIMUM_RING_BYTES || lengthBytes % SLOT_BYTES != 0) {
            throw new ArgoException(
                    ArgoError.EINVAL,
                    "a ring of " + lengthBytes + " bytes: must be a multiple of 16 from " + MINIMUM_RING_BYTES + " to "
                            + MAXIMUM_RING_BYTES);
        }
        if (partner != V4vAddress.DOMAIN_ANY) {
            return own.rings().register(port, own.peers().of(partner, patienceNanos), lengthBytes);
        }
        if (!own.configuration().anyPartner()) {
            throw new ArgoException(
                    ArgoError.EPERM,
                    "no ring for any partner is permitted in " + own.fabric() + " (any-partner=false in "
                            + FabricConfiguration.FILE + ")");
        }
        return own.rings().register(port, null, lengthBytes);
    }

    @Override
    public SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
        return own.partnerRings().attach(sourcePort, destination, patienceNanos);
    }

    @Override
    public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        if (parts.size() > MAXIMUM_PARTS) {
            throw new ArgoException(ArgoError.EINVAL, parts.size() + " parts, at most " + MAXIMUM_PARTS);
        }
        if (source.domain() != own.id() && source.domain() != V4vAddress.DOMAIN_ANY) {
            throw new ArgoException(ArgoError.EPERM, "domain " + own.id() + " can't send as domain " + source.domain());
        }
        V4vAddress stamped = new V4vAddress(own.id(), source.port());
        Peer peer = own.peers().of(destination.domain(), patienceNanos);
        SharedSendRing exact = own.partnerRings().forMessage(peer, source.port(), destination, patienceNanos);
        return exact == null
                ? sendByControl(peer, stamped, destination, messageType, parts)
                : write(exact, stamped, messageType, parts);
    }

    /** Tells this life of the domain from others; what it says of itself to other domains. */
    long incarnation() {
        return own.incarnation();
    }

    private static int total(V4vAddress destination, List<MemorySegment> parts) throws ArgoException {
        long total = 0;
        for (MemorySegment part : parts) {
            if (part.byteSize() > MAXIMUM_MESSAGE_BYTES) {
                throw new ArgoException(ArgoError.EINVAL, "a part of " + part.byteSize() + " bytes for " + destination);
            }
            total += part.byteSize();
            if (total > MAXIMUM_MESSAGE_BYTES) {
                throw new ArgoException(
                        ArgoError.EMSGSIZE,
                        "a message of more than " + MAXIMUM_MESSAGE_BYTES + " bytes for " + destination);
            }
        }
        return (int) total;
    }

    private static int write(SharedSendRing ring, V4vAddress source, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        int total = total(ring.address(), parts);
        synchronized (ring) {
            try {
                if (!ring.claim(total)) {
                    throw new ArgoException(
                            ArgoError.EAGAIN, "no space for " + total + " bytes in the ring at " + ring.address());
                }
            } catch (ArgoException e) {
                throw e;
            } catch (IOException e) {
                ring.close();
                throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
            }
            int at = 0;
            for (MemorySegment part : parts) {
                ring.put(at, part, 0, part.byteSize());
                at += (int) part.byteSize();
            }
            ring.commit(source, messageType);
        }
        return total;
    }

    private int sendByControl(
            Peer peer, V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        int total = total(destination, parts);
        int status = total <= ControlDescriptor.MAXIMUM_DATA_BYTES
                ? send(peer, source, destination, messageType, parts, 0, -1)
                : sendLong(peer, source, destination, messageType, parts, total);
        if (status != 0) {
            throw new ArgoException(ArgoError.of(status), "message of " + total + " bytes for " + destination);
        }
        return total;
    }

    /** What no packet takes travels in memory of its own. */
    private int sendLong(
            Peer peer, V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts, int total)
            throws ArgoException {
        int fd = -1;
        try (Arena arena = Arena.ofShared()) {
            fd = Linux.sealedMemory("v4v-message", total);
            MemorySegment mapped = Linux.map(fd, total, arena);
            long at = 0;
            for (MemorySegment part : parts) {
                MemorySegment.copy(part, 0, mapped, at, part.byteSize());
                at += part.byteSize();
            }
            return send(peer, source, destination, messageType, List.of(), total, fd);
        } catch (ArgoException e) {
            throw e;
        } catch (IOException e) {
            throw new ArgoException(
                    ArgoError.ENOMEM, "no memory for a message of " + total + " bytes: " + e.getMessage());
        } finally {
            if (fd >= 0) {
                Linux.close(fd);
            }
        }
    }

    private int send(
            Peer peer,
            V4vAddress source,
            V4vAddress destination,
            int messageType,
            List<MemorySegment> data,
            int length,
            int fd)
            throws ArgoException {
        ControlLink.Request request = new ControlLink.Request(
                ControlDescriptor.SEND, destination.port(), (int) source.port(), messageType, 0, data, length, fd);
        return own.peers().ask(peer, request, patienceNanos).status();
    }

    @Override
    public RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException {
        ControlLink.Request request =
                ControlLink.Request.of(ControlDescriptor.NOTIFY, destination.port(), spaceRequired, 0);
        try {
            Peer peer = own.peers().of(destination.domain(), patienceNanos);
            return status(destination, own.peers().ask(peer, request, patienceNanos));
        } catch (ArgoException e) {
            if (e.error() == ArgoError.ESRCH) {
                return RingStatus.NONE;
            }
            throw e;
        }
    }

    @Override
    public boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException {
        long start = System.nanoTime();
        RingStatus status = notify(destination, spaceRequired);
        long left = timeoutNanos - (System.nanoTime() - start);
        if (status.sufficient() || !status.exists() || status.tooLarge() || left <= 0) {
            return status.sufficient();
        }
        ControlLink.Request request =
                ControlLink.Request.of(ControlDescriptor.WAIT, destination.port(), spaceRequired, 0);
        try {
            Peer peer = own.peers().of(destination.domain(), Math.min(left, patienceNanos));
            return status(destination, own.peers().askAside(peer, request, left))
                    .sufficient();
        } catch (ArgoException e) {
            return switch (e.error()) {
                case EAGAIN, ESRCH -> false; // the time is over, or the domain has gone
                default -> throw e;
            };
        }
    }

    private static RingStatus status(V4vAddress destination, ControlLink.Reply reply) throws ArgoException {
        if (reply.status() != 0) {
            throw new ArgoException(ArgoError.of(reply.status()), "asking for space at " + destination);
        }
        int flags = reply.extra();
        return (flags & ControlDescriptor.FLAG_EXISTS) == 0
                ? RingStatus.NONE
                : new RingStatus(
                        true,
                        (flags & ControlDescriptor.FLAG_SHARED) != 0,
                        (flags & ControlDescriptor.FLAG_EMPTY) != 0,
                        (flags & ControlDescriptor.FLAG_SUFFICIENT) != 0,
                        (flags & ControlDescriptor.FLAG_TOO_LARGE) != 0,
                        (flags & ControlDescriptor.FLAG_BUSY) != 0,
                        reply.number());
    }

    @Override
    public void close() {
        own.close();
    }
}
