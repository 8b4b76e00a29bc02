package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;
import org.v4vgpu.v4v.ring.ArgoReceiveRing;
import org.v4vgpu.v4v.ring.ArgoRingDescriptor;
import org.v4vgpu.v4v.ring.EventCount;
import org.v4vgpu.v4v.ring.IdleStrategy;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SignDescriptor;
import org.v4vgpu.v4v.ring.StagedSendRing;

/**
 * What all of this process shares of its Xen domain: hypercalls, memory, the rings that it has, and the thread that hears Xen's events
 * and keeps house. Safe for any thread.
 *
 * <p>Events come to one process of the domain, its broker, which wakes the others through {@link DomainDirectory}. Every {@link
 * #PERIOD_NANOS} each process looks for partners that have gone, and the broker for processes that have died.
 */
final class ArgoDomain implements StagedSendRing.Carrier, AutoCloseable {
    /** System property: after so long without a sign of life a writer is taken for dead, if nothing else tells. At least 3000. */
    static final String DEAD_PROPERTY = "v4vgpu.xen.dead.millis";

    static final long PERIOD_NANOS = 250_000_000;

    private static final Logger LOG = System.getLogger(ArgoDomain.class.getName());
    private static final long MOST_SILENT_MILLIS = 8_000;
    private static final long LEAST_SILENT_MILLIS = 3_000;
    private static final long JOIN_NANOS = 5_000_000_000L;
    private static final int LOOKS_PER_COUNT = 40;
    private static final long LAST_WORDS_NANOS = 200_000_000;
    private static final long LAST_WORDS_POLL_NANOS = 1_000_000;

    private final XenHost host;
    private final long deadNanos;
    private final DomainDirectory directory;
    private final HugePages memory;
    private final ArgoCalls calls;
    private final int domain;
    private final Partners partners;
    private final Thread thread;

    private final Map<ArgoReceiveRing, RingLedger.Entry> rings = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<StagedSendRing> attached = new CopyOnWriteArrayList<>();

    /** Ends that did not fit into their rings yet. */
    private final Queue<Farewell> farewells = new ConcurrentLinkedQueue<>();

    /** Bound by the opener or by the thread, if this process is the broker. */
    private volatile @Nullable ArgoEvents bound;

    private final LongAdder heard = new LongAdder();

    // The thread's.
    private int seen;
    private long due;
    private int looks;

    private boolean hasComplained;
    private volatile boolean closed;

    private record Farewell(V4vAddress source, V4vAddress destination) {}

    /** The domain that a host's process is in. */
    ArgoDomain(XenHost host) throws IOException {
        this(host, Long.getLong(DEAD_PROPERTY, MOST_SILENT_MILLIS));
    }

    /** As above, with another patience for silent writers. */
    ArgoDomain(XenHost host, long deadMillis) throws IOException {
        this.host = host;
        this.deadNanos = Math.max(LEAST_SILENT_MILLIS, deadMillis) * 1_000_000L;
        Hypercalls xen = host.openHypercalls();
        DomainDirectory entered = null;
        HugePages pages = null;
        ArgoCalls opened = null;
        try {
            entered = DomainDirectory.enter(host.stateDirectory(), host.memoryDirectory());
            pages = new HugePages(entered.memoryFile(), host.hugePageBytes());
            this.directory = entered;
            this.memory = pages;
            opened = new ArgoCalls(xen, host.frames(), pages);
            this.calls = opened;
            this.domain = calls.ownDomain();
            this.partners = new Partners(domain, calls);
            lead(true);
            reap(); // before anything is registered
        } catch (IOException | RuntimeException e) {
            unbind();
            if (opened == null) {
                xen.close();
            } else {
                opened.close();
            }
            if (pages != null) {
                pages.close();
            }
            if (entered != null) {
                entered.close();
            }
            throw e;
        }
        thread = Thread.ofPlatform().daemon().name("v4v-argo-" + domain).start(this::run);
    }

    int domain() {
        return domain;
    }

    ArgoCalls calls() {
        return calls;
    }

    /** Counts what Xen has told this domain. */
    EventCount events() {
        return directory.events();
    }

    /**
     * Registers a ring.
     *
     * @param unregistered runs when it is closed
     */
    ArgoReceiveRing register(long port, int partner, int lengthBytes, Consumer<ArgoReceiveRing> unregistered)
            throws ArgoException {
        RingMemory ring = memory.allocate(ArgoRingDescriptor.mappedBytes(lengthBytes));
        RingLedger.Entry entry = null;
        try {
            ArgoRingDescriptor.initialize(ring.segment());
            entry = directory
                    .ledger()
                    .note(port, partner); // first: a ring that is in no ledger would never be unregistered
            MemorySegment shown = ring.segment().asSlice(ArgoRingDescriptor.RING);
            int result = calls.register(port, partner, lengthBytes, shown);
            if (result < 0) {
                throw RegistrationFailure.of(domain, port, partner, -result);
            }
            ArgoReceiveRing registered = new ArgoReceiveRing(
                    ring,
                    new V4vAddress(domain, port),
                    partner,
                    lengthBytes,
                    closing -> {
                        unregister(closing);
                        unregistered.accept(closing);
                    },
                    calls::announceSpace);
            rings.put(registered, entry);
            return registered;
        } catch (ArgoException | RuntimeException e) {
            if (entry != null) {
                directory.ledger().strike(entry);
            }
            ring.letGo();
            throw e;
        }
    }

    private void unregister(ArgoReceiveRing ring) {
        for (StagedSendRing sender : attached) {
            if (isOwnOf(sender, ring)) {
                sender.forgetRing(); // it goes on without the ring that its partner knows its life by
                pulse(sender);
            }
        }
        RingLedger.Entry entry = rings.remove(ring);
        if (entry != null) {
            int _ = calls.unregister(
                    entry.port(), entry.partner()); // ENOENT: its partner's domain died, and Xen was faster
            directory.ledger().strike(entry);
        }
    }

    private void pulse(StagedSendRing sender) {
        try {
            sender.pulse(System.nanoTime());
        } catch (ArgoException e) {
            LOG.log(Level.DEBUG, "no sign of life for {0}: {1}", sender.address(), e.getMessage());
        }
    }

    /**
     * Attaches to a ring of that length.
     *
     * @param detached runs when it is closed
     */
    StagedSendRing attach(V4vAddress source, V4vAddress destination, int lengthBytes, Consumer<StagedSendRing> detached)
            throws ArgoException {
        farewells.removeIf(farewell -> farewell.destination().equals(destination));
        StagedSendRing ring = new StagedSendRing(source, destination, lengthBytes, this, closing -> {
            detach(closing);
            detached.accept(closing);
        });
        attached.add(ring);
        return ring;
    }

    @Override
    public RingMemory stage(long bytes) throws ArgoException {
        return memory.allocate(bytes);
    }

    @Override
    public int send(V4vAddress source, V4vAddress destination, int messageType, MemorySegment stage, int messageBytes) {
        long message = stage.address() + StagedSendRing.STAGE_HEADER_BYTES;
        return calls.send(stage, source, destination, messageType, message, messageBytes);
    }

    @Override
    public int sign(V4vAddress source, V4vAddress destination, int type) {
        return calls.sign(source, destination, type);
    }

    @Override
    public RingStatus ask(V4vAddress destination, int spaceRequired) throws ArgoException {
        return calls.ask(destination, spaceRequired);
    }

    @Override
    public void ringGone(StagedSendRing sender) {
        for (ArgoReceiveRing ring : rings.keySet()) {
            if (isOwnOf(sender, ring)) {
                ring.writerRingGone(sender.address().port());
            }
        }
    }

    @Override
    public void domainGone(int gone) {
        rings.keySet().stream().filter(ring -> ring.partner() == gone).forEach(ArgoReceiveRing::partnerGone);
    }

    /** Whether it is the ring that the partner knows the sender's life by. */
    private static boolean isOwnOf(StagedSendRing sender, ArgoReceiveRing ring) {
        return sender.sourcePort() == ring.address().port() && sender.address().domain() == ring.partner();
    }

    private void detach(StagedSendRing ring) {
        attached.remove(ring);
        if (ring.hasLostMessage()) {
            LOG.log(Level.WARNING, "a message to {0} was lost: no orderly end is said there", ring.address());
            return;
        }
        Farewell farewell = new Farewell(new V4vAddress(domain, ring.sourcePort()), ring.address());
        if (!say(farewell)) {
            farewells.add(farewell);
        }
    }

    /** False if there is no space yet. */
    private boolean say(Farewell farewell) {
        int said = calls.sign(farewell.source(), farewell.destination(), SignDescriptor.DETACH);
        ArgoError error = said < 0 ? ArgoError.of(-said) : null;
        return error != ArgoError.EAGAIN && error != ArgoError.EBUSY && error != ArgoError.ENOMEM;
    }

    private void run() {
        Chore hear = chore("hears no events", this::hear);
        Chore tell = chore("tells nobody of events", this::tell);
        List<Chore> house = List.of( // first that by which partners know that this process lives
                chore("gives no sign of life", () -> attached.forEach(this::pulse)),
                chore("does not look for its partners", this::look),
                chore("cannot lead", () -> lead(false)),
                chore("cannot clean up", this::reap));
        due = System.nanoTime();
        seen = directory.events().value();
        while (!closed) {
            if (!hear.run()) {
                IdleStrategy.pause(PERIOD_NANOS);
            }
            tell.run(); // in any case: what waits for events must not wait for ever
            if (System.nanoTime() - due >= 0) {
                due = System.nanoTime() + PERIOD_NANOS;
                house.forEach(Chore::run);
            }
        }
    }

    private Chore chore(String failure, Chore.Work work) {
        return new Chore("domain " + domain + " of Xen " + failure, work);
    }

    /** Waits for events after those that were seen, so that none is missed which came during the last look at the rings. */
    private void hear() throws IOException {
        EventCount events = directory.events();
        ArgoEvents own = bound;
        long nanos = due - System.nanoTime();
        if (own == null) {
            events.await(seen, nanos);
        } else {
            if (own.await(nanos)) {
                heard.increment();
            }
            events.signal();
        }
        seen = events.value();
    }

    private void tell() {
        rings.keySet().forEach(ArgoReceiveRing::event);
        attached.forEach(StagedSendRing::event);
        farewells.removeIf(this::say);
    }

    private void count() {
        LOG.log(Level.DEBUG, () -> "domain " + domain + " of Xen so far: " + calls.counts() + ", " + heard + " events");
    }

    private void look() throws IOException {
        if (++looks % LOOKS_PER_COUNT == 0) {
            count();
        }
        partners.look(rings.keySet(), attached, System.nanoTime(), deadNanos);
    }

    /** Cleans up after the dead, if this process is the broker. */
    private void reap() throws IOException {
        if (bound != null) {
            directory.reap(this::forget);
        }
    }

    private void forget(long port, int partner) {
        int _ = calls.unregister(port, partner); // ENOENT: it was about to register it
    }

    /** Becomes the broker if nobody is. */
    private void lead(boolean isOpening) throws IOException {
        if (bound != null || !directory.tryLead()) {
            return;
        }
        try {
            bound = host.bindEvents();
        } catch (IOException e) {
            directory.abdicate();
            if (isOpening) {
                throw e;
            }
            if (!hasComplained) { // the last broker's descriptor may not be closed yet
                hasComplained = true;
                return;
            }
            throw e;
        }
        hasComplained = false;
    }

    /** Detaches and unregisters, and leaves everything else as it is: what a process that ends has to do. */
    void leave() {
        attached.forEach(StagedSendRing::close);
        rings.keySet().forEach(ArgoReceiveRing::close);
        count();
    }

    /** Whatever fails on the way, and though an interrupt is pending: a domain that is half closed could not be opened again. */
    @Override
    public void close() {
        try (directory;
                memory;
                calls) { // from the last to the first
            try {
                sayFarewells();
                leave();
            } finally {
                endThread();
            }
        }
    }

    private void sayFarewells() {
        long start = System.nanoTime();
        attached.forEach(StagedSendRing::close);
        while (!farewells.isEmpty() && System.nanoTime() - start < LAST_WORDS_NANOS) {
            IdleStrategy.pause(LAST_WORDS_POLL_NANOS); // the thread says them when there is space
        }
    }

    private void endThread() {
        closed = true;
        try {
            directory.events().signal();
            ArgoEvents own = bound;
            if (own != null) {
                own.wake();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "domain {0} of Xen: {1}", domain, e.getMessage()); // then it looks within its period
        } finally {
            joinUninterrupted();
            unbind();
        }
    }

    /** An interrupt stays pending: what the thread uses is closed next. */
    private void joinUninterrupted() {
        long end = System.nanoTime() + JOIN_NANOS;
        boolean interrupted = Thread.interrupted();
        while (thread.isAlive() && end - System.nanoTime() > 0) {
            try {
                boolean _ = thread.join(Duration.ofNanos(end - System.nanoTime()));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Nobody may wait for events any more. */
    private void unbind() {
        ArgoEvents last = bound;
        if (last != null) {
            last.close();
        }
    }
}
