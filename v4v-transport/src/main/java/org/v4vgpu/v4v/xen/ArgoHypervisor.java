package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.ArgoReceiveRing;
import org.v4vgpu.v4v.ring.OutgoingParts;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SignDescriptor;
import org.v4vgpu.v4v.ring.StagedSendRing;

/**
 * V4V on a real Xen: the domain that this process runs in, PVH or HVM, through Argo's hypercalls. Safe for any thread.
 *
 * <p>All hypervisors that a process opens are views of one domain, each with the rings that it made; several processes of a domain may
 * use it. Xen stamps each record with the sender's domain, and is the only one who writes a ring. Where the contract leaves room:
 * <ul>
 *   <li>who is attached elsewhere in the domain is not known, so EBUSY comes only for this view's own attachments;
 *   <li>an attached writer's end is a record like any other: where the ring is full {@link ReceiveRing#isFinished} says so after
 *       something was released;
 *   <li>{@link #close} does not make the domain go: rings of partners for it stay;
 *   <li>a domain that was destroyed is missed within two seconds; a process that was killed, within two where another process of its
 *       domain uses Argo and cleans up after it, else by its silence ({@value ArgoDomain#DEAD_PROPERTY}, 8 s).
 * </ul>
 *
 * {@snippet :
 *   ArgoHypervisor.ensureAvailability();
 *   try (var hypervisor = ArgoHypervisor.open()) {
 *       ReceiveRing listening = hypervisor.register(4840, V4vAddress.DOMAIN_ANY, 4096); // v4v://<domid>:4840
 *   }
 * }
 *
 * <p>Source: Xen's public/argo.h and common/argo.c; Linux's include/uapi/xen/privcmd.h and evtchn.h.
 */
public final class ArgoHypervisor implements V4vHypervisor {
    /** Between two looks for space, should the event that tells of it be somebody else's. */
    private static final long SPACE_POLL_NANOS = 200_000_000;

    /** Up to here a message that is sent without being attached costs one hypercall, beyond it two. */
    private static final int SMALL_MESSAGE_BYTES = 64 * 1024;

    private static @Nullable ArgoDomain shared;
    private static int views;

    private final ArgoDomain domain;
    private final Runnable closing;

    // Guarded by this.
    private final Set<ArgoReceiveRing> rings = new HashSet<>();
    private final Map<V4vAddress, SendRing> attached = new HashMap<>();
    private boolean closed;

    /** Whether this process can use Argo. Looks at the machine only once. */
    public static boolean isAvailable() {
        return ArgoAvailability.OF_PROCESS.cause() == null;
    }

    /** Why not: one line that says what to change; null if it can. */
    public static @Nullable Throwable unavailabilityCause() {
        return ArgoAvailability.OF_PROCESS.cause();
    }

    /**
     * Checks that this process can use Argo.
     *
     * @throws UnsupportedOperationException with the cause if it can't
     */
    public static void ensureAvailability() {
        Throwable cause = unavailabilityCause();
        if (cause != null) {
            throw new UnsupportedOperationException(String.valueOf(cause.getMessage()), cause);
        }
    }

    /**
     * A view of the domain that this process runs in.
     *
     * @throws IOException one line that says what is missing
     */
    public static ArgoHypervisor open() throws IOException {
        Throwable cause = unavailabilityCause();
        if (cause != null) {
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        }
        synchronized (ArgoHypervisor.class) {
            ArgoDomain used = shared;
            if (used == null) {
                used = new ArgoDomain(LinuxXenHost.ofMachine());
                shared = used;
                LeaveAtExit.arm();
            }
            views++;
            return new ArgoHypervisor(used, ArgoHypervisor::letGoShared);
        }
    }

    private static synchronized void letGoShared() {
        views--;
        ArgoDomain used = shared;
        if (views == 0 && used != null) {
            shared = null;
            used.close();
        }
    }

    private static synchronized @Nullable ArgoDomain shared() {
        return shared;
    }

    /** A process that ends in order leaves no ring behind; for one that does not, others clean up. */
    private static final class LeaveAtExit {
        static {
            Runtime.getRuntime().addShutdownHook(new Thread(LeaveAtExit::leave, "v4v-argo-exit"));
        }

        static void arm() {
            // the hook is added when this class is first used
        }

        private static void leave() {
            ArgoDomain used = shared();
            if (used != null) {
                used.leave();
            }
        }
    }

    /**
     * A view of a domain.
     *
     * @param closing runs once, after the view has left
     */
    ArgoHypervisor(ArgoDomain domain, Runnable closing) {
        this.domain = domain;
        this.closing = closing;
    }

    @Override
    public int domain() {
        return domain.domain();
    }

    @Override
    public String place() {
        return "Xen (this is domain " + domain.domain() + ")";
    }

    @Override
    public synchronized ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException {
        RingDescriptor.checkLength(lengthBytes);
        ensureOpen();
        ArgoReceiveRing ring = domain.register(port, partner, lengthBytes, this::forget);
        rings.add(ring);
        return ring;
    }

    private synchronized void forget(ArgoReceiveRing ring) {
        rings.remove(ring);
    }

    private void ensureOpen() throws ArgoException {
        if (closed) {
            throw new ArgoException(ArgoError.ENODEV, "domain " + domain() + " was left");
        }
    }

    @Override
    public synchronized SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
        ensureOpen();
        V4vAddress source = new V4vAddress(domain(), sourcePort);
        RingStatus status = domain.ask(destination, Integer.MAX_VALUE);
        if (!status.exists()) {
            int said = domain.sign(
                    source, destination, SignDescriptor.PULSE); // tells a ring that is missing from a domain
            throw new ArgoException(
                    said == -ArgoError.ESRCH.errno() ? ArgoError.ESRCH : ArgoError.ECONNREFUSED,
                    "no ring to attach to at " + destination);
        }
        if (status.shared()) {
            throw new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + destination + " is for any partner");
        }
        if (attached.containsKey(destination)) {
            throw new ArgoException(ArgoError.EBUSY, "domain " + domain() + " writes the ring at " + destination);
        }
        int lengthBytes = status.maximumMessageBytes() + 2 * SLOT_BYTES;
        StagedSendRing ring = domain.attach(source, destination, lengthBytes, this::detached);
        attached.put(destination, ring);
        return ring;
    }

    private synchronized void detached(StagedSendRing ring) {
        attached.remove(ring.address(), ring);
    }

    @Override
    public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        OutgoingParts message = OutgoingParts.of(domain(), source, destination, messageType, parts);
        synchronized (this) {
            ensureOpen();
            if (attached.containsKey(destination)) {
                throw new ArgoException(ArgoError.EBUSY, "domain " + domain() + " writes the ring at " + destination);
            }
        }
        long total = parts.stream().mapToLong(MemorySegment::byteSize).sum();
        if (total > SMALL_MESSAGE_BYTES) { // nothing large is copied to hear that it can't be sent
            pretend(message);
        }
        int bytes = message.totalBytes();
        RingMemory stage = domain.stage(StagedSendRing.STAGE_HEADER_BYTES + (long) bytes);
        try {
            long at = StagedSendRing.STAGE_HEADER_BYTES;
            for (MemorySegment part : parts) {
                MemorySegment.copy(part, 0, stage.segment(), at, part.byteSize());
                at += part.byteSize();
            }
            int sent = domain.send(message.source(), destination, messageType, stage.segment(), bytes);
            if (sent < 0) {
                throw refusal(-sent, destination, bytes);
            }
            return bytes;
        } finally {
            stage.letGo();
        }
    }

    private void pretend(OutgoingParts message) throws ArgoException {
        List<Integer> lengths = message.parts().stream()
                .map(part -> (int) Math.min(part.byteSize(), 0xFFFF_FFFFL))
                .toList();
        int said = domain.calls().pretend(message.source(), message.destination(), message.messageType(), lengths);
        if (said < 0 && said != -ArgoError.EFAULT.errno()) {
            throw refusal(
                    -said,
                    message.destination(),
                    message.parts().stream().mapToLong(MemorySegment::byteSize).sum());
        }
    }

    private ArgoException refusal(int errno, V4vAddress destination, long bytes) {
        ArgoError error = ArgoError.of(errno);
        return new ArgoException(
                error,
                switch (error) {
                    case ESRCH -> "no domain " + destination.domain();
                    case ECONNREFUSED -> "no ring for domain " + domain() + " at " + destination;
                    case EMSGSIZE -> "a message of " + bytes + " bytes never fits into the ring at " + destination;
                    case EAGAIN -> "no space for " + bytes + " bytes in the ring at " + destination;
                    case EBUSY ->
                        "no space for " + bytes + " bytes in the ring at " + destination + ", and " + WAITING_DOMAINS
                                + " domains wait for some";
                    case EACCES -> "the security policy of Xen (XSM) permits no message to " + destination;
                    default -> "Xen does not send " + bytes + " bytes to " + destination;
                });
    }

    @Override
    public RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException {
        return domain.ask(destination, spaceRequired);
    }

    @Override
    public List<RingStatus> notify(List<SpaceQuestion> questions) throws ArgoException {
        return questions.isEmpty() ? List.of() : domain.calls().ask(questions);
    }

    @Override
    public boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException {
        long start = System.nanoTime();
        while (true) {
            int seen = domain.events().value(); // before the question: what happens after it must end the wait
            RingStatus status = notify(destination, spaceRequired);
            if (status.busy()) {
                throw new ArgoException(
                        ArgoError.EBUSY,
                        WAITING_DOMAINS + " other domains wait for space in the ring at " + destination);
            }
            if (status.sufficient() || !status.exists() || status.tooLarge()) {
                return status.sufficient();
            }
            long left = timeoutNanos - (System.nanoTime() - start);
            if (left <= 0) {
                return false;
            }
            domain.events().await(seen, Math.min(left, SPACE_POLL_NANOS));
        }
    }

    @Override
    public synchronized boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        List<SendRing> senders;
        List<ArgoReceiveRing> receivers;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            senders = List.copyOf(attached.values());
            receivers = List.copyOf(rings);
        }
        senders.forEach(SendRing::close);
        receivers.forEach(ReceiveRing::close);
        closing.run();
    }
}
