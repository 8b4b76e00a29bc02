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
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.ring.OutgoingParts;
import org.v4vgpu.v4v.ring.RingDescriptor;
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
        RingDescriptor.checkLength(lengthBytes);
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
        OutgoingParts message = OutgoingParts.of(own.id(), source, destination, messageType, parts);
        Peer peer = own.peers().of(destination.domain(), patienceNanos);
        SharedSendRing exact = own.partnerRings().forMessage(peer, source.port(), destination, patienceNanos);
        return exact == null ? sendByControl(peer, message) : write(exact, message);
    }

    /** Tells this life of the domain from others; what it says of itself to other domains. */
    long incarnation() {
        return own.incarnation();
    }

    private static int write(SharedSendRing ring, OutgoingParts message) throws ArgoException {
        int total = message.totalBytes();
        synchronized (ring) {
            try {
                message.write(ring, total);
            } catch (ArgoException e) {
                throw e;
            } catch (IOException e) {
                ring.close();
                throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
            }
        }
        return total;
    }

    private int sendByControl(Peer peer, OutgoingParts message) throws ArgoException {
        int total = message.totalBytes();
        int status = total <= ControlDescriptor.MAXIMUM_DATA_BYTES
                ? send(peer, message, message.parts(), 0, -1)
                : sendLong(peer, message, total);
        if (status != 0) {
            throw new ArgoException(
                    ArgoError.of(status), "message of " + total + " bytes for " + message.destination());
        }
        return total;
    }

    /** What no packet takes travels in memory of its own. */
    private int sendLong(Peer peer, OutgoingParts message, int total) throws ArgoException {
        int fd = -1;
        try (Arena arena = Arena.ofShared()) {
            fd = Linux.sealedMemory("v4v-message", total);
            MemorySegment mapped = Linux.map(fd, total, arena);
            long at = 0;
            for (MemorySegment part : message.parts()) {
                MemorySegment.copy(part, 0, mapped, at, part.byteSize());
                at += part.byteSize();
            }
            return send(peer, message, List.of(), total, fd);
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

    private int send(Peer peer, OutgoingParts message, List<MemorySegment> data, int length, int fd)
            throws ArgoException {
        ControlLink.Request request = new ControlLink.Request(
                ControlDescriptor.SEND,
                message.destination().port(),
                (int) message.source().port(),
                message.messageType(),
                0,
                data,
                length,
                fd);
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
    public boolean sharesWindows() {
        return true;
    }

    @Override
    public Window share(int partner, long lengthBytes) throws ArgoException {
        return own.windows().share(own.peers().of(partner, patienceNanos), lengthBytes);
    }

    @Override
    public Window open(int owner, long name, long lengthBytes) throws ArgoException {
        return own.windows().open(own.peers().of(owner, patienceNanos), name, lengthBytes, patienceNanos);
    }

    @Override
    public void close() {
        own.close();
    }
}
