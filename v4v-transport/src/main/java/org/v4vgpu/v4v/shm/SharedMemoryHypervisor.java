package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.IdleStrategy;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * One domain of a {@link Fabric}: V4V between the processes of a host. Safe for any thread.
 *
 * <p>Each domain serves a Unix socket in the fabric's directory; that is the control path, and its hang-up is how the others notice
 * a death. A ring for one partner is sealed memory which the receiver makes and the partner maps; that is the data path, with no
 * kernel in it. A ring for any partner is mapped by nobody else: messages for it come over the control path and are copied in
 * here, so that strangers can't touch each other's records; they are limited to {@value ControlDescriptor#MAXIMUM_DATA_BYTES}
 * bytes. Who a sender is, the kernel says: the process at the other end of a socket must hold the lock on its domain's file.
 *
 * <p>Order of locks: none is held while another domain is asked for something.
 *
 * {@snippet :
 *   try (var hypervisor = SharedMemoryHypervisor.open(Fabric.ofEnvironment(), 1)) {
 *       ReceiveRing listening = hypervisor.register(4840, V4vAddress.DOMAIN_ANY, 4096);
 *   }
 * }
 */
public final class SharedMemoryHypervisor implements V4vHypervisor {
    private static final Logger LOG = System.getLogger(SharedMemoryHypervisor.class.getName());
    private static final int BACKLOG = 128;
    private static final long SPACE_POLL_NANOS = 500_000;
    private static final long JOIN_MILLIS = 5_000;

    private final Fabric fabric;
    private final DomainClaim claim;
    private final int domain;
    private final long incarnation = new SecureRandom().nextLong();
    private final int wakeup;
    private final ControlLoop loop;
    private final Thread thread;

    // Guarded by this.
    private final Map<RingKey, OwnRing> rings = new HashMap<>();
    private final Map<Integer, Peer> peers = new HashMap<>();
    private final Map<V4vAddress, SharedSendRing> writers = new HashMap<>();
    private final Map<V4vAddress, SharedSendRing> sendvWriters = new HashMap<>();
    private boolean closed;

    private record RingKey(long port, int partner) {}

    /** A ring of ours; the writer exists for a ring for any partner, the descriptor (or -1) and the peer for the others. */
    record OwnRing(
            SharedReceiveRing ring,
            int fd,
            @Nullable SharedSendRing writer,
            @Nullable Peer peer) {}

    /** What another domain said of a port: memory to map, or a ring for any partner. */
    private record Resolved(int fd, int lengthBytes) {
        boolean isShared() {
            return fd < 0;
        }
    }

    /**
     * Becomes a domain of a fabric.
     *
     * @param domain the id, or {@link V4vAddress#DOMAIN_ANY} for a free one
     * @throws IOException if another process is that domain, or the directory can't be used
     */
    public static SharedMemoryHypervisor open(Fabric fabric, int domain) throws IOException {
        DomainClaim claim =
                domain == V4vAddress.DOMAIN_ANY ? DomainClaim.ofFreeDomain(fabric) : DomainClaim.of(fabric, domain);
        int listening = -1;
        int wakeup = -1;
        try {
            Files.deleteIfExists(fabric.socket(claim.domain())); // what a crash has left
            listening = Linux.seqpacketSocket();
            Linux.bindAndListen(listening, fabric.socket(claim.domain()), BACKLOG);
            wakeup = Linux.eventfd();
            SharedMemoryHypervisor hypervisor = new SharedMemoryHypervisor(fabric, claim, listening, wakeup);
            hypervisor.thread.start();
            return hypervisor;
        } catch (IOException e) {
            if (listening >= 0) {
                Linux.close(listening);
            }
            if (wakeup >= 0) {
                Linux.close(wakeup);
            }
            claim.close();
            throw e;
        }
    }

    private SharedMemoryHypervisor(Fabric fabric, DomainClaim claim, int listening, int wakeup) {
        this.fabric = fabric;
        this.claim = claim;
        this.domain = claim.domain();
        this.wakeup = wakeup;
        this.loop = new ControlLoop(this, new ControlServer(this), listening, wakeup);
        this.thread = Thread.ofPlatform().daemon().name("v4v-domain-" + domain).unstarted(loop);
    }

    @Override
    public int domain() {
        return domain;
    }

    @Override
    public String place() {
        return fabric.toString();
    }

    @Override
    public ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException {
        if (lengthBytes < MINIMUM_RING_BYTES || lengthBytes > MAXIMUM_RING_BYTES || lengthBytes % SLOT_BYTES != 0) {
            throw new ArgoException(
                    ArgoError.EINVAL,
                    "a ring of " + lengthBytes + " bytes: must be a multiple of 16 from " + MINIMUM_RING_BYTES + " to "
                            + MAXIMUM_RING_BYTES);
        }
        V4vAddress address = new V4vAddress(domain, port);
        Peer peer = partner == V4vAddress.DOMAIN_ANY ? null : peer(partner);
        synchronized (this) {
            ensureOpen();
            if (peer != null && peer.gone) {
                throw new ArgoException(ArgoError.ESRCH, "domain " + partner + " is gone");
            }
            if (rings.size() >= RINGS_PER_DOMAIN) {
                throw new ArgoException(
                        ArgoError.ENOSPC, "domain " + domain + " has " + RINGS_PER_DOMAIN + " rings already");
            }
            RingKey key = new RingKey(port, partner);
            if (rings.containsKey(key)) {
                throw new ArgoException(
                        ArgoError.EEXIST, address + " is registered already" + (peer == null ? "" : " for " + partner));
            }
            OwnRing ring = peer == null ? sharedRing(key, address, lengthBytes) : ring(key, address, lengthBytes, peer);
            rings.put(key, ring);
            return ring.ring();
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private OwnRing ring(RingKey key, V4vAddress address, int lengthBytes, Peer peer) throws ArgoException {
        long bytes = RingDescriptor.mappedBytes(lengthBytes);
        int fd = -1;
        Arena arena = Arena.ofShared();
        try {
            fd = Linux.sealedMemory("v4v-ring-" + key.port(), bytes);
            MemorySegment mapped = Linux.map(fd, bytes, arena);
            RingDescriptor.initialize(mapped, lengthBytes, key.port(), key.partner());
            SharedReceiveRing ring = new SharedReceiveRing(
                    new RingMemory(arena, mapped),
                    address,
                    key.partner(),
                    lengthBytes,
                    closing -> unregister(key, closing));
            return new OwnRing(ring, fd, null, peer);
        } catch (IOException e) {
            arena.close();
            if (fd >= 0) {
                Linux.close(fd);
            }
            throw new ArgoException(
                    ArgoError.ENOMEM, "no memory for a ring of " + lengthBytes + " bytes: " + e.getMessage());
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private OwnRing sharedRing(RingKey key, V4vAddress address, int lengthBytes) {
        Arena arena = Arena.ofShared();
        MemorySegment memory = arena.allocate(RingDescriptor.mappedBytes(lengthBytes), 4096);
        RingDescriptor.initialize(memory, lengthBytes, key.port(), key.partner());
        RingMemory shared = new RingMemory(arena, memory);
        SharedReceiveRing ring =
                new SharedReceiveRing(shared, address, key.partner(), lengthBytes, closing -> unregister(key, closing));
        try {
            if (!shared.hold()) {
                throw new AssertionError("fresh memory is held");
            }
            return new OwnRing(ring, -1, new SharedSendRing(shared, address, address, lengthBytes, sender -> {}), null);
        } catch (RingCorruptedException e) {
            throw new AssertionError("a fresh ring is whole", e);
        }
    }

    private void unregister(RingKey key, SharedReceiveRing ring) {
        SharedSendRing writer;
        synchronized (this) {
            OwnRing own = rings.get(key);
            if (own == null || !own.ring().equals(ring)) {
                return; // its partner died before
            }
            rings.remove(key);
            if (own.fd() >= 0) {
                Linux.close(own.fd());
            }
            writer = own.writer();
        }
        if (writer != null) {
            writer.close();
        }
    }

    @Override
    public SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
        synchronized (this) {
            if (writers.containsKey(destination)) {
                throw new ArgoException(ArgoError.EBUSY, "domain " + domain + " writes " + destination + " already");
            }
        }
        Peer peer = peer(destination.domain());
        Resolved resolved = resolve(peer, destination);
        if (resolved.isShared()) {
            throw refused(destination);
        }
        return attach(peer, sourcePort, destination, resolved, writers);
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private SharedSendRing attach(
            Peer peer,
            long sourcePort,
            V4vAddress destination,
            Resolved resolved,
            Map<V4vAddress, SharedSendRing> table)
            throws ArgoException {
        Arena arena = Arena.ofShared();
        try {
            long bytes = RingDescriptor.mappedBytes(resolved.lengthBytes());
            if (!Linux.isSealed(resolved.fd(), bytes)) {
                throw new RingCorruptedException("the ring at " + destination + " is not sealed memory");
            }
            MemorySegment mapped = Linux.map(resolved.fd(), bytes, arena);
            if (!RingDescriptor.isRing(mapped, resolved.lengthBytes())) {
                throw new RingCorruptedException("what is at " + destination + " is no ring");
            }
            SharedSendRing ring = new SharedSendRing(
                    new RingMemory(arena, mapped),
                    destination,
                    new V4vAddress(domain, sourcePort),
                    resolved.lengthBytes(),
                    sender -> detach(peer, destination, sender, table));
            synchronized (this) {
                ensureOpen();
                if (peer.gone) {
                    throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
                }
                if (writers.containsKey(destination) || sendvWriters.containsKey(destination)) {
                    throw new ArgoException(
                            ArgoError.EBUSY, "domain " + domain + " writes " + destination + " already");
                }
                table.put(destination, ring);
                peer.attached.add(ring);
            }
            return ring;
        } catch (ArgoException e) {
            arena.close();
            throw e;
        } catch (IOException e) {
            arena.close();
            throw new ArgoException(
                    ArgoError.EFAULT, "the ring at " + destination + " can't be used: " + e.getMessage());
        } finally {
            Linux.close(resolved.fd());
        }
    }

    private synchronized void detach(
            Peer peer, V4vAddress destination, SharedSendRing ring, Map<V4vAddress, SharedSendRing> table) {
        peer.attached.remove(ring);
        table.remove(destination, ring);
    }

    @Override
    public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        if (parts.size() > MAXIMUM_PARTS) {
            throw new ArgoException(ArgoError.EINVAL, parts.size() + " parts, at most " + MAXIMUM_PARTS);
        }
        if (source.domain() != domain && source.domain() != V4vAddress.DOMAIN_ANY) {
            throw new ArgoException(ArgoError.EPERM, "domain " + domain + " can't send as domain " + source.domain());
        }
        V4vAddress stamped = new V4vAddress(domain, source.port());
        Peer peer = peer(destination.domain());
        SharedSendRing known;
        synchronized (this) {
            if (writers.containsKey(destination)) {
                throw new ArgoException(ArgoError.EBUSY, destination + " is written by a connection of this domain");
            }
            known = sendvWriters.get(destination);
        }
        if (known != null && known.isPartnerAlive()) {
            return write(known, stamped, messageType, parts);
        }
        if (known != null) {
            known.close();
        }
        Resolved resolved = resolve(peer, destination);
        if (resolved.isShared()) {
            return sendByControl(peer, stamped, destination, messageType, parts);
        }
        return write(attach(peer, source.port(), destination, resolved, sendvWriters), stamped, messageType, parts);
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
        if (total > ControlDescriptor.MAXIMUM_DATA_BYTES) {
            throw new ArgoException(
                    ArgoError.EMSGSIZE,
                    "a message of " + total + " bytes for " + destination
                            + ", which is open to any partner; shared memory takes at most "
                            + ControlDescriptor.MAXIMUM_DATA_BYTES);
        }
        ControlLink.Reply reply =
                request(peer, ControlDescriptor.SEND, destination.port(), (int) source.port(), messageType, parts);
        if (reply.status() != 0) {
            throw new ArgoException(ArgoError.of(reply.status()), "message of " + total + " bytes for " + destination);
        }
        return total;
    }

    private Resolved resolve(Peer peer, V4vAddress destination) throws ArgoException {
        ControlLink.Reply reply = request(peer, ControlDescriptor.RESOLVE, destination.port(), 0, 0, List.of());
        if (reply.status() != 0) {
            if (reply.fd() >= 0) {
                Linux.close(reply.fd());
            }
            throw reply.status() == ArgoError.ECONNREFUSED.errno()
                    ? refused(destination)
                    : new ArgoException(ArgoError.of(reply.status()), destination.toString());
        }
        if (reply.fd() >= 0
                && (reply.number() < MINIMUM_RING_BYTES
                        || reply.number() > MAXIMUM_RING_BYTES
                        || reply.number() % SLOT_BYTES != 0)) {
            Linux.close(reply.fd());
            throw new ArgoException(ArgoError.EFAULT, destination + " has a ring of " + reply.number() + " bytes");
        }
        return new Resolved(reply.fd(), reply.number());
    }

    private ArgoException refused(V4vAddress destination) {
        return new ArgoException(
                ArgoError.ECONNREFUSED, "nobody registered " + destination + " for domain " + domain + " in " + fabric);
    }

    @Override
    public RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException {
        ControlLink.Reply reply;
        try {
            Peer peer = peer(destination.domain());
            reply = request(peer, ControlDescriptor.NOTIFY, destination.port(), spaceRequired, 0, List.of());
        } catch (ArgoException e) {
            if (e.error() == ArgoError.ESRCH) {
                return RingStatus.NONE;
            }
            throw e;
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
                        reply.number());
    }

    @Override
    public boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException {
        long start = System.nanoTime();
        while (true) {
            RingStatus status = notify(destination, spaceRequired);
            if (status.sufficient() || !status.exists() || status.tooLarge()) {
                return status.sufficient();
            }
            long left = timeoutNanos - (System.nanoTime() - start);
            if (left <= 0) {
                return false;
            }
            IdleStrategy.pause(Math.min(left, SPACE_POLL_NANOS));
        }
    }

    private ControlLink.Reply request(Peer peer, int kind, long port, int number, int extra, List<MemorySegment> data)
            throws ArgoException {
        ControlLink link;
        synchronized (this) {
            link = peer.link();
        }
        if (link == null) {
            throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
        }
        try {
            return link.request(kind, port, number, extra, 0, data);
        } catch (ArgoException e) {
            throw e;
        } catch (IOException e) {
            throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
        }
    }

    /** The living domain of that id, with a link to ask it. */
    private Peer peer(int id) throws ArgoException {
        synchronized (this) {
            ensureOpen();
            Peer known = peers.get(id);
            if (known != null && known.link() != null) {
                return known;
            }
        }
        ControlLink link;
        try {
            link = ControlLink.connect(fabric, id, domain, incarnation);
        } catch (ArgoException e) {
            throw e;
        } catch (IOException e) {
            throw new ArgoException(ArgoError.EFAULT, "domain " + id + " of " + fabric + ": " + e.getMessage());
        }
        Peer peer;
        synchronized (this) {
            if (closed) {
                link.close();
                throw new ArgoException(ArgoError.ENODEV, "domain " + domain + " has left " + fabric);
            }
            peer = peer(id, link.incarnation());
            peer.links.add(link); // even a second one stays open: its hang-up would say that we died
            loop.wake();
        }
        return peer;
    }

    /** The peer of that life; an earlier life of the same domain ends with it. */
    synchronized Peer peer(int id, long life) {
        Peer known = peers.get(id);
        if (known != null && known.incarnation != life) {
            peerGone(known);
            known = null;
        }
        if (known == null) {
            known = new Peer(id, life);
            peers.put(id, known);
        }
        return known;
    }

    private void ensureOpen() throws ArgoException {
        if (closed) {
            throw new ArgoException(ArgoError.ENODEV, "domain " + domain + " has left " + fabric);
        }
    }

    // What the control loop and its server call.

    Fabric fabric() {
        return fabric;
    }

    long incarnation() {
        return incarnation;
    }

    /** The ring that a domain may write, exact matches first. Its descriptor stays open while the caller holds our lock. */
    synchronized @Nullable OwnRing ringFor(Peer peer, long port) {
        OwnRing exact = rings.get(new RingKey(port, peer.domain));
        return exact != null ? exact : sharedRing(port);
    }

    /** The ring for any partner. */
    synchronized @Nullable OwnRing sharedRing(long port) {
        return rings.get(new RingKey(port, V4vAddress.DOMAIN_ANY));
    }

    synchronized List<Peer> peersWithLinks() {
        return peers.values().stream().filter(peer -> peer.link() != null).toList();
    }

    synchronized int linkFd(Peer peer) {
        ControlLink link = peer.link();
        return link == null ? -1 : link.fd(); // poll ignores negative descriptors
    }

    /** A domain has died: its rings and ours for it go, and whoever waits for it is woken. */
    void peerGone(Peer peer) {
        List<SharedReceiveRing> dead = new ArrayList<>();
        List<SharedSendRing> unread;
        List<ControlLink> links;
        synchronized (this) {
            if (peer.gone) {
                return;
            }
            peer.gone = true;
            peers.remove(peer.domain, peer);
            rings.values().removeIf(ring -> {
                boolean theirs = peer.equals(ring.peer());
                if (theirs) {
                    dead.add(ring.ring());
                    Linux.close(ring.fd());
                }
                return theirs;
            });
            unread = List.copyOf(peer.attached);
            links = List.copyOf(peer.links);
            peer.links.clear();
        }
        links.forEach(ControlLink::close);
        dead.forEach(SharedReceiveRing::partnerGone);
        unread.forEach(SharedSendRing::partnerGone);
    }

    /** Without its control loop a domain is deaf: the others have seen it die, so it must not go on as if nothing were. */
    void loopEnded() {
        close();
    }

    @Override
    public void close() {
        List<OwnRing> ownRings;
        List<Peer> known;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            ownRings = List.copyOf(rings.values());
            known = List.copyOf(peers.values());
        }
        loop.close();
        if (!Thread.currentThread().equals(thread)) {
            try {
                thread.join(JOIN_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        ownRings.forEach(ring -> ring.ring().close());
        known.forEach(this::peerGone);
        Linux.close(wakeup);
        try {
            Files.deleteIfExists(fabric.socket(domain));
            claim.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "domain {0} left something behind in {1}: {2}", domain, fabric, e.getMessage());
        }
    }
}
