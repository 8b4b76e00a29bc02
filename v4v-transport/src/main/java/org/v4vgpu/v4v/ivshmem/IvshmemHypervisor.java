package org.v4vgpu.v4v.ivshmem;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.ring.IdleStrategy;
import org.v4vgpu.v4v.ring.OutgoingParts;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * One domain of a region of shared memory: V4V between guests of QEMU or KVM with an ivshmem device, and processes that map the
 * same file. Safe for any thread.
 *
 * <p>The region holds the tables of domains and rings and the rings themselves ({@link RegionDescriptor}). No kernel stands between:
 * waits are polls (so any number of domains waits for space: EBUSY never means that here), a domain lives as long as its beat grows,
 * and <b>who may map the region may write all of it</b>. A sender's
 * domain is what it claims, and a hostile one can destroy the messages of the others; it can't make this side read or write
 * outside the region, throw anything but the contract's exceptions, or wait for ever. A file can also be truncated by its
 * owner, which no reader survives unharmed (an {@link InternalError}); a guest's BAR can't.
 *
 * <p>A ring has one writer at a time, who puts its tag into the ring's place in the table: for long by {@link #attach}, for one
 * record by {@link #sendv}, also for a ring for any partner.
 *
 * {@snippet :
 *   try (var hypervisor = IvshmemHypervisor.open(Path.of("/sys/bus/pci/devices/0000:00:04.0/resource2"), 1)) {
 *       ReceiveRing listening = hypervisor.register(4840, V4vAddress.DOMAIN_ANY, 4096);
 *   }
 * }
 */
public final class IvshmemHypervisor implements V4vHypervisor {
    /** System property: the region, instead of a fabric. */
    public static final String PROPERTY = "v4vgpu.ivshmem";

    /** Environment variable: the region, instead of a fabric. */
    public static final String VARIABLE = "V4VGPU_IVSHMEM";

    private static final Logger LOG = System.getLogger(IvshmemHypervisor.class.getName());
    private static final long SPACE_POLL_NANOS = 500_000;

    /** A sender that lives holds a ring for one record; one that was stopped there must not hang us. */
    private static final long ENTER_TIMEOUT_NANOS = 1_000_000_000;

    private static final long ENTER_POLL_NANOS = 20_000;
    private static final long JOIN_MILLIS = 5_000;

    private final Region region;
    private final RegionClaim claim;
    private final Heartbeats heartbeats;
    private final OwnRings rings;
    private final RegionWindows windows;
    private final Thread thread;

    /** Rings of others that an attached sender of ours writes. Guarded by this. */
    private final Set<RingEntry> entered = new HashSet<>();

    /** The lives of those whose rings they are. Guarded by this. */
    private final Map<SharedSendRing, Long> attached = new HashMap<>();

    private volatile boolean closed;

    /** The region that the system property, or else the environment, names. */
    public static Optional<Path> regionOfEnvironment() {
        String named = System.getProperty(PROPERTY, System.getenv(VARIABLE));
        return named == null || named.isEmpty() ? Optional.empty() : Optional.of(Path.of(named));
    }

    /**
     * Becomes a domain of a region.
     *
     * @param domain the id, less than {@value RegionDescriptor#DOMAINS}, or {@link V4vAddress#DOMAIN_ANY} for a free one
     * @throws IOException if another process is that domain, or the region can't be used
     */
    public static IvshmemHypervisor open(Path path, int domain) throws IOException {
        return open(Region.open(path), domain);
    }

    /** As {@link #open(Path, int)}; takes over the caller's hold of the region. */
    static IvshmemHypervisor open(Region region, int domain) throws IOException {
        try {
            Heartbeats heartbeats = new Heartbeats(region.memory());
            RegionClaim claim = RegionClaim.of(region, heartbeats, domain);
            IvshmemHypervisor hypervisor = new IvshmemHypervisor(region, heartbeats, claim);
            hypervisor.thread.start();
            return hypervisor;
        } catch (IOException | RuntimeException e) {
            region.letGo();
            throw e;
        }
    }

    private IvshmemHypervisor(Region region, Heartbeats heartbeats, RegionClaim claim) {
        this.region = region;
        this.heartbeats = heartbeats;
        this.claim = claim;
        RingSpace space = new RingSpace(region, heartbeats);
        this.rings = new OwnRings(region, heartbeats, space, claim);
        this.windows = new RegionWindows(region, space, claim);
        this.thread = Thread.ofPlatform()
                .daemon()
                .name("v4v-domain-" + claim.domain())
                .unstarted(this::live);
    }

    /** Beats, and looks who else does. */
    private void live() {
        while (!closed) {
            claim.beat();
            heartbeats.look();
            if (!claim.holds()) {
                LOG.log(
                        Level.ERROR,
                        "domain {0} of {1} stood still for so long that it was taken for dead; it leaves",
                        claim.domain(),
                        region);
                close();
                return;
            }
            rings.notice();
            windows.notice();
            noticeDeadReceivers();
            IdleStrategy.pause(Heartbeats.PERIOD_NANOS);
        }
    }

    private void noticeDeadReceivers() {
        List<SharedSendRing> dead = new ArrayList<>();
        synchronized (this) {
            attached.forEach((ring, tag) -> {
                if (!heartbeats.isLiving(tag)) {
                    dead.add(ring);
                }
            });
        }
        dead.forEach(SharedSendRing::partnerGone);
    }

    @Override
    public int domain() {
        return claim.domain();
    }

    @Override
    public String place() {
        return region.toString();
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException {
        RingDescriptor.checkLength(lengthBytes);
        enterRegion();
        try {
            return rings.register(port, partner, partner == V4vAddress.DOMAIN_ANY ? 0 : living(partner), lengthBytes);
        } finally {
            region.letGo();
        }
    }

    /** Keeps the region mapped; to be undone. */
    private void enterRegion() throws ArgoException {
        if (closed || !region.hold()) {
            throw new ArgoException(ArgoError.ENODEV, "domain " + claim.domain() + " has left " + region);
        }
    }

    private long living(int domain) throws ArgoException {
        long tag = heartbeats.living(domain);
        if (tag == 0) {
            throw new ArgoException(ArgoError.ESRCH, "no such domain in " + region + ": " + domain);
        }
        return tag;
    }

    @Override
    public SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
        enterRegion();
        try {
            long receiver = living(destination.domain());
            RingEntry entry = find(destination);
            if (entry.isShared()) {
                throw refused(destination);
            }
            enter(entry, destination, true);
            return map(sourcePort, destination, entry, receiver);
        } finally {
            region.letGo();
        }
    }

    private RingEntry find(V4vAddress destination) throws ArgoException {
        RingEntry entry = RingEntry.find(region, destination.domain(), destination.port(), claim.domain(), claim.tag());
        if (entry == null) {
            throw refused(destination);
        }
        return entry;
    }

    private ArgoException refused(V4vAddress destination) {
        return new ArgoException(
                ArgoError.ECONNREFUSED,
                "nobody registered " + destination + " for domain " + claim.domain() + " in " + region);
    }

    /** Becomes the writer of a ring that is still registered. */
    private void enter(RingEntry entry, V4vAddress destination, boolean forLong) throws ArgoException {
        long start = System.nanoTime();
        while (true) {
            synchronized (this) {
                if (entered.contains(entry)) {
                    throw new ArgoException(
                            ArgoError.EBUSY, "domain " + claim.domain() + " writes " + destination + " already");
                }
                if (entry.tryEnter(region, heartbeats, claim.tag())) {
                    if (forLong) {
                        entered.add(entry);
                    }
                    break;
                }
            }
            if (!entry.isCurrent(region)) {
                throw refused(destination);
            }
            if (System.nanoTime() - start > ENTER_TIMEOUT_NANOS) {
                throw new ArgoException(ArgoError.EBUSY, "somebody else holds " + destination);
            }
            IdleStrategy.pause(ENTER_POLL_NANOS);
        }
        MemorySegment ring = entry.slice(region);
        boolean isCurrent = entry.isCurrent(region);
        if (!isCurrent
                || !RingDescriptor.isRing(ring, entry.lengthBytes())
                || !RingDescriptor.isFor(ring, destination.port(), entry.partner())) {
            leave(entry);
            throw isCurrent
                    ? new ArgoException(ArgoError.EFAULT, "what is at " + destination + " is no ring")
                    : refused(destination);
        }
    }

    private synchronized void leave(RingEntry entry) {
        entered.remove(entry);
        entry.leave(region, claim.tag());
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private SharedSendRing map(long sourcePort, V4vAddress destination, RingEntry entry, long receiver)
            throws ArgoException {
        Arena arena = Arena.ofShared();
        MemorySegment view =
                region.view(entry.chunk(), RingDescriptor.mappedBytes(entry.lengthBytes()), arena, () -> leave(entry));
        try {
            SharedSendRing ring = new SharedSendRing(
                    new RingMemory(arena, view, true),
                    destination,
                    new V4vAddress(claim.domain(), sourcePort),
                    entry.lengthBytes(),
                    this::detach);
            synchronized (this) {
                attached.put(ring, receiver);
            }
            return ring;
        } catch (RingCorruptedException e) {
            arena.close();
            throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
        }
    }

    private synchronized void detach(SharedSendRing ring) {
        attached.remove(ring);
    }

    @Override
    public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        OutgoingParts message = OutgoingParts.of(claim.domain(), source, destination, messageType, parts);
        enterRegion();
        try {
            long _ = living(destination.domain());
            RingEntry entry = find(destination);
            int total = message.totalBytes();
            enter(entry, destination, false);
            try {
                write(entry, message, total);
            } finally {
                leave(entry);
            }
            return total;
        } finally {
            region.letGo();
        }
    }

    private void write(RingEntry entry, OutgoingParts message, int total) throws ArgoException {
        try {
            // Never closed, for this writer comes and goes without the receiver's notice; so its memory's arena never
            // closes.
            SharedSendRing ring = new SharedSendRing(
                    new RingMemory(Arena.global(), entry.slice(region), true),
                    message.destination(),
                    message.source(),
                    entry.lengthBytes(),
                    _ -> {});
            message.write(ring, total);
        } catch (ArgoException e) {
            throw e;
        } catch (IOException e) {
            throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException {
        enterRegion();
        try {
            if (heartbeats.living(destination.domain()) == 0) {
                return RingStatus.NONE;
            }
            RingEntry entry =
                    RingEntry.find(region, destination.domain(), destination.port(), claim.domain(), claim.tag());
            if (entry == null) {
                return RingStatus.NONE;
            }
            int maximum = entry.lengthBytes() - 2 * SLOT_BYTES;
            int free = RingDescriptor.freeMessageBytes(entry.slice(region), entry.lengthBytes());
            boolean tooLarge = spaceRequired < 0 || spaceRequired > maximum;
            return new RingStatus(
                    true, entry.isShared(), free == maximum, !tooLarge && spaceRequired <= free, tooLarge, maximum);
        } finally {
            region.letGo();
        }
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

    @Override
    public boolean sharesWindows() {
        return true;
    }

    @Override
    public Window share(int partner, long lengthBytes) throws ArgoException {
        enterRegion();
        try {
            long _ = living(partner);
            return windows.share(lengthBytes);
        } finally {
            region.letGo();
        }
    }

    @Override
    public Window open(int owner, long name, long lengthBytes) throws ArgoException {
        enterRegion();
        try {
            return windows.open(name, lengthBytes, living(owner));
        } finally {
            region.letGo();
        }
    }

    @Override
    public void close() {
        List<SharedSendRing> senders;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            senders = List.copyOf(attached.keySet());
        }
        if (!Thread.currentThread().equals(thread)) {
            LockSupport.unpark(thread);
            try {
                thread.join(JOIN_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        rings.close();
        senders.forEach(SharedSendRing::partnerGone);
        claim.leave();
        region.letGo();
    }
}
