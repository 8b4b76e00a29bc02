package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.ArgoRingDescriptor;

/**
 * Xen's side of Argo's hypercalls, as common/argo.c does it, on the memory of this process: frame numbers are addresses by pages. One
 * lock. Safe for any thread.
 */
public final class FakeXen {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int PAGE = 4096;

    private final Map<Integer, Domain> domains = new HashMap<>();
    private final long deadMillis;
    private int refusedBindings;

    public FakeXen() {
        this(8_000);
    }

    /** @param deadMillis after so long without a sign a domain takes another's writer for dead */
    FakeXen(long deadMillis) {
        this.deadMillis = deadMillis;
    }

    /** Boots a domain, and opens it; closing the hypervisor destroys the domain. */
    public V4vHypervisor open(int id, Path directory) throws IOException {
        ArgoDomain domain = boot(id, directory);
        return new ArgoHypervisor(domain, () -> {
            domain.close();
            destroy(id);
        });
    }

    /** Boots a domain, unless it is up, and starts a process of it. */
    ArgoDomain boot(int id, Path directory) throws IOException {
        synchronized (this) {
            domains.computeIfAbsent(id, Domain::new);
        }
        return new ArgoDomain(new Host(id, directory), deadMillis);
    }

    synchronized void destroy(int id) {
        domains.remove(id);
        for (Domain other : domains.values()) {
            other.rings.removeIf(ring -> ring.partner == id);
            other.rings.forEach(ring -> ring.waiting.remove(id));
        }
    }

    synchronized int ringsOf(int id) {
        Domain domain = domains.get(id);
        return domain == null ? 0 : domain.rings.size();
    }

    /** Unregisters all rings of a domain. */
    synchronized void forgetRings(int id) {
        Domain domain = domains.get(id);
        if (domain != null) {
            domain.rings.clear();
        }
    }

    /** From now on what a domain sends is lost: as if it were stopped, or being destroyed. */
    synchronized void silence(int id) {
        Domain domain = domains.get(id);
        if (domain != null) {
            domain.isSilent = true;
        }
    }

    /** The next message of a domain that has parts is refused, once. */
    synchronized void refuseNextMessage(int id, ArgoError error) {
        Domain domain = domains.get(id);
        if (domain != null) {
            domain.refusal = error;
        }
    }

    /** So often no domain can bind VIRQ_ARGO. */
    synchronized void refuseBindings(int times) {
        refusedBindings = times;
    }

    /** Hypercalls of that operation that a domain has made. */
    public synchronized int calls(int id, int operation) {
        Domain domain = domains.get(id);
        return domain == null ? 0 : domain.calls.getOrDefault(operation, 0);
    }

    private static final class Domain {
        final int id;
        final List<Ring> rings = new ArrayList<>();
        final List<Events> listeners = new ArrayList<>();
        final Map<Integer, Integer> calls = new HashMap<>();
        boolean isSilent;

        @Nullable
        ArgoError refusal;

        Domain(int id) {
            this.id = id;
        }

        void signal() {
            listeners.forEach(Events::fire);
        }

        @Nullable
        Ring ring(long port, int partner) {
            return rings.stream()
                    .filter(ring -> ring.port == port && ring.partner == partner)
                    .findAny()
                    .orElse(null);
        }

        @Nullable
        Ring ringFor(long port, int sender) {
            Ring exact = ring(port, sender);
            return exact == null ? ring(port, V4vAddress.DOMAIN_ANY) : exact;
        }
    }

    private static final class Ring {
        final long port;
        final int partner;
        final int length;
        final long[] frames;
        final Map<Integer, Integer> waiting = new HashMap<>();
        int tx;

        Ring(long port, int partner, int length, long[] frames) {
            this.port = port;
            this.partner = partner;
            this.length = length;
            this.frames = frames;
            this.tx = header(4);
        }

        private int header(long at) {
            return at(frames[0] * PAGE, 64).get(INT, at);
        }

        int free() {
            int rx = header(0);
            int used = tx - rx;
            return length - (used < 0 ? used + length : used);
        }

        /** The largest message that fits now. */
        int freePayload() {
            return Math.max(0, (free() - 1) / 16 * 16 - 16);
        }

        void write(int index, MemorySegment bytes) {
            for (long from = 0; from < bytes.byteSize(); ) {
                int place = (int) ((index + from) % length);
                int at = place + 64;
                long count = Math.min(bytes.byteSize() - from, Math.min(PAGE - at % PAGE, length - place));
                MemorySegment.copy(bytes, from, at(frames[at / PAGE] * PAGE + at % PAGE, count), 0, count);
                from += count;
            }
        }

        void publish(int bytes) {
            tx = (tx + (bytes + 15) / 16 * 16) % length;
            ValueLayout.JAVA_INT.varHandle().setVolatile(at(frames[0] * PAGE, 64), 4L, tx);
        }

        boolean queue(int domain, int wanted) {
            if (!waiting.containsKey(domain) && waiting.size() >= V4vHypervisor.WAITING_DOMAINS) {
                return false;
            }
            waiting.merge(domain, wanted, Math::max);
            return true;
        }
    }

    private static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private synchronized long call(int caller, int operation, long arg1, long arg2, long arg3, long arg4) {
        Domain self = domains.get(caller);
        if (self == null) {
            return -ArgoError.ENODEV.errno();
        }
        self.calls.merge(operation, 1, Integer::sum);
        return switch (operation) {
            case ArgoDescriptor.OP_REGISTER_RING -> register(self, at(arg1, 12), arg2, arg3, arg4);
            case ArgoDescriptor.OP_UNREGISTER_RING -> unregister(self, at(arg1, 8));
            case ArgoDescriptor.OP_SENDV -> sendv(self, at(arg1, 16), arg2, (int) arg3, (int) arg4);
            case ArgoDescriptor.OP_NOTIFY -> notify(self, arg1);
            default -> -ArgoError.EOPNOTSUPP.errno();
        };
    }

    private long register(Domain self, MemorySegment arg, long frames, long pages, long flags) {
        long port = Integer.toUnsignedLong(arg.get(INT, 0));
        int partner = Short.toUnsignedInt(arg.get(SHORT, 4));
        int length = arg.get(INT, 8);
        if (pages > 4096
                || (flags & ~1) != 0
                || length < 48
                || length > 16 << 20
                || length % 16 != 0
                || arg.get(SHORT, 6) != 0
                || pages != (length + 64 + PAGE - 1) / PAGE) {
            return -ArgoError.EINVAL.errno();
        }
        if (partner != V4vAddress.DOMAIN_ANY && !domains.containsKey(partner)) {
            return -ArgoError.ESRCH.errno();
        }
        if (self.rings.size() >= V4vHypervisor.RINGS_PER_DOMAIN) {
            return -ArgoError.ENOSPC.errno();
        }
        if (self.ring(port, partner) != null) {
            return -ArgoError.EEXIST.errno();
        }
        long[] list = at(frames, pages * 8).toArray(LONG);
        self.rings.add(new Ring(port, partner, length, list));
        return 0;
    }

    private static long unregister(Domain self, MemorySegment arg) {
        Ring ring = self.ring(Integer.toUnsignedLong(arg.get(INT, 0)), Short.toUnsignedInt(arg.get(SHORT, 4)));
        if (ring == null) {
            return -ArgoError.ENOENT.errno();
        }
        self.rings.remove(ring);
        return 0;
    }

    private long sendv(Domain self, MemorySegment addresses, long iovs, int niov, int type) {
        if (niov > 8) {
            return -ArgoError.EINVAL.errno();
        }
        int sourceDomain = Short.toUnsignedInt(addresses.get(SHORT, 4));
        if (addresses.get(SHORT, 6) != 0 || addresses.get(SHORT, 14) != 0) {
            return -ArgoError.EINVAL.errno();
        }
        if (sourceDomain != self.id && sourceDomain != V4vAddress.DOMAIN_ANY) {
            return -ArgoError.EPERM.errno();
        }
        Domain destination = domains.get(Short.toUnsignedInt(addresses.get(SHORT, 12)));
        if (destination == null) {
            return -ArgoError.ESRCH.errno();
        }
        Ring ring = destination.ringFor(Integer.toUnsignedLong(addresses.get(INT, 8)), self.id);
        if (ring == null) {
            return -ArgoError.ECONNREFUSED.errno();
        }
        long total = 0;
        MemorySegment list = at(iovs, niov * 16L);
        for (int i = 0; i < niov; i++) {
            long length = Integer.toUnsignedLong(list.get(INT, i * 16L + 8));
            if (length > V4vHypervisor.MAXIMUM_MESSAGE_BYTES || list.get(INT, i * 16L + 12) != 0) {
                return -ArgoError.EINVAL.errno();
            }
            total += length;
            if (total > V4vHypervisor.MAXIMUM_MESSAGE_BYTES) {
                return -ArgoError.EMSGSIZE.errno();
            }
        }
        ArgoError refusal = self.refusal;
        if (refusal != null && niov > 0) {
            self.refusal = null;
            return -refusal.errno();
        }
        int record = 16 + ((int) total + 15) / 16 * 16;
        if (ring.length <= record) {
            return -ArgoError.EMSGSIZE.errno();
        }
        if (ring.free() <= record) {
            boolean isQueued = ring.queue(self.id, (int) total);
            return isQueued ? -ArgoError.EAGAIN.errno() : -ArgoError.EBUSY.errno();
        }
        if (self.isSilent) {
            return total;
        }
        int at = ring.tx + 16;
        for (int i = 0; i < niov; i++) {
            long address = list.get(LONG, i * 16L);
            long length = list.get(INT, i * 16L + 8);
            if (address == 0 && length > 0) {
                return -ArgoError.EFAULT.errno();
            }
            ring.write(at % ring.length, at(address, length));
            at += (int) length;
        }
        MemorySegment header = MemorySegment.ofArray(new byte[16]);
        header.set(INT, 0, (int) total + 16);
        header.set(INT, 4, addresses.get(INT, 0));
        header.set(SHORT, 8, (short) self.id);
        header.set(INT, 12, type);
        ring.write(ring.tx, header);
        ring.publish((int) total + 16);
        destination.signal();
        return total;
    }

    private long notify(Domain self, long data) {
        for (Ring ring : self.rings) {
            ring.waiting.entrySet().removeIf(entry -> {
                Domain waiting = domains.get(entry.getKey());
                boolean fits = entry.getValue() <= ring.freePayload();
                if (fits && waiting != null) {
                    waiting.signal();
                }
                return fits;
            });
        }
        if (data == 0) {
            return 0;
        }
        int entries = at(data, 8).get(INT, 0);
        if (entries > 256) {
            return -ArgoError.EACCES.errno();
        }
        MemorySegment list = at(data + 8, entries * 20L);
        for (int i = 0; i < entries; i++) {
            answer(self, list.asSlice(i * 20L, 20));
        }
        return 0;
    }

    private void answer(Domain self, MemorySegment entry) {
        Domain domain = domains.get(Short.toUnsignedInt(entry.get(SHORT, 4)));
        Ring ring = domain == null ? null : domain.ringFor(Integer.toUnsignedLong(entry.get(INT, 0)), self.id);
        entry.set(SHORT, 8, (short) 0);
        if (ring == null) {
            return;
        }
        long wanted = Integer.toUnsignedLong(entry.get(INT, 12));
        int maximum = ring.length - 32;
        int flags = ArgoDescriptor.RING_EXISTS;
        flags |= ring.partner == V4vAddress.DOMAIN_ANY ? ArgoDescriptor.RING_SHARED : 0;
        flags |= ring.freePayload() == maximum ? ArgoDescriptor.RING_EMPTY : 0;
        if (wanted > maximum) {
            flags |= ArgoDescriptor.RING_EMSGSIZE;
        } else if (wanted <= ring.freePayload()) {
            flags |= ArgoDescriptor.RING_SUFFICIENT;
            ring.waiting.remove(self.id);
        } else {
            flags |= ring.queue(self.id, (int) wanted) ? 0 : ArgoDescriptor.RING_EBUSY;
        }
        entry.set(SHORT, 8, (short) flags);
        entry.set(INT, 16, maximum);
    }

    /** VIRQ_ARGO of a domain. */
    private final class Events implements ArgoEvents {
        private final int domain;
        private boolean isPending;
        private @Nullable Thread waiter;

        Events(int domain) {
            this.domain = domain;
        }

        synchronized void fire() {
            isPending = true;
            notifyAll();
        }

        @Override
        @SuppressWarnings("WaitNotInLoop") // it may return without an event
        public synchronized boolean await(long nanos) throws IOException {
            waiter = Thread.currentThread();
            try {
                if (!isPending && nanos > 0) {
                    wait(nanos / 1_000_000, (int) (nanos % 1_000_000));
                }
                boolean fired = isPending;
                isPending = false;
                return fired;
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
        }

        private synchronized @Nullable Thread waiter() {
            return waiter;
        }

        @Override
        public void wake() {
            fire();
        }

        @Override
        public void close() {
            Thread last = waiter();
            if (last != null && last.isAlive()) {
                throw new IllegalStateException("it may still wait for events: " + last);
            }
            synchronized (FakeXen.this) {
                Domain known = domains.get(domain);
                if (known != null) {
                    known.listeners.remove(this);
                }
            }
        }
    }

    private final class Host implements XenHost {
        private final int domain;
        private final Path directory;

        Host(int domain, Path directory) {
            this.domain = domain;
            this.directory = directory;
        }

        @Override
        public Hypercalls openHypercalls() {
            return new Hypercalls() {
                @Override
                public long argo(int operation, long arg1, long arg2, long arg3, long arg4) {
                    return call(domain, operation, arg1, arg2, arg3, arg4);
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public ArgoEvents bindEvents() throws IOException {
            synchronized (FakeXen.this) {
                Domain self = domains.get(domain);
                if (refusedBindings > 0) {
                    refusedBindings--;
                    throw new IOException("ENOSPC: no event channel is left");
                }
                if (self == null || !self.listeners.isEmpty()) {
                    throw new IOException("EEXIST: VIRQ_ARGO is bound");
                }
                Events events = new Events(domain);
                self.listeners.add(events);
                return events;
            }
        }

        @Override
        public PageFrames frames() {
            return (address, pages, frames) -> {
                for (int page = 0; page < pages; page++) {
                    frames.setAtIndex(LONG, page, address / ArgoRingDescriptor.PAGE_BYTES + page);
                }
            };
        }

        @Override
        public Path memoryDirectory() {
            return directory.resolve("memory-" + domain);
        }

        @Override
        public long hugePageBytes() {
            return 1 << 18;
        }

        @Override
        public Path stateDirectory() {
            return directory.resolve("state-" + domain);
        }
    }
}
