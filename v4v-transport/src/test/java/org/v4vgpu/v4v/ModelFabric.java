package org.v4vgpu.v4v;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model of Xen in one JVM: one lock, rings in ordinary memory that only it writes, senders that stage. Slow and obvious; what the
 * contract is checked against. Safe for any thread.
 */
public final class ModelFabric {
    private final Map<Integer, Domain> domains = new HashMap<>();

    public synchronized V4vHypervisor open(int id) {
        Domain domain = new Domain(id);
        domains.put(id, domain);
        return domain;
    }

    private record Message(V4vAddress source, int type, int index, int bytes, long end) {}

    private final class Domain implements V4vHypervisor {
        private final int id;
        private final List<Ring> rings = new ArrayList<>();

        Domain(int id) {
            this.id = id;
        }

        @Override
        public int domain() {
            return id;
        }

        @Override
        public String place() {
            return "model";
        }

        @Override
        public ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException {
            synchronized (ModelFabric.this) {
                require(
                        lengthBytes >= MINIMUM_RING_BYTES && lengthBytes <= MAXIMUM_RING_BYTES && lengthBytes % 16 == 0,
                        ArgoError.EINVAL);
                require(partner == V4vAddress.DOMAIN_ANY || domains.containsKey(partner), ArgoError.ESRCH);
                require(rings.size() < RINGS_PER_DOMAIN, ArgoError.ENOSPC);
                require(
                        rings.stream().noneMatch(ring -> ring.address.port() == port && ring.partner == partner),
                        ArgoError.EEXIST);
                Ring ring = new Ring(this, new V4vAddress(id, port), partner, lengthBytes);
                rings.add(ring);
                return ring;
            }
        }

        private Ring ringFor(int sender, long port) {
            return rings.stream()
                    .filter(ring -> ring.address.port() == port && ring.partner == sender)
                    .findAny()
                    .or(() -> rings.stream()
                            .filter(ring -> ring.address.port() == port && ring.partner == V4vAddress.DOMAIN_ANY)
                            .findAny())
                    .orElse(null);
        }

        private Ring find(V4vAddress destination) throws ArgoException {
            Domain domain = domains.get(destination.domain());
            require(domain != null, ArgoError.ESRCH);
            Ring ring = domain.ringFor(id, destination.port());
            require(ring != null, ArgoError.ECONNREFUSED);
            return ring;
        }

        @Override
        public SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
            synchronized (ModelFabric.this) {
                Ring ring = find(destination);
                require(ring.partner == id, ArgoError.ECONNREFUSED);
                require(ring.writer == null, ArgoError.EBUSY);
                ring.finished = false;
                ring.writer = new Writer(this, ring, new V4vAddress(id, sourcePort));
                return ring.writer;
            }
        }

        @Override
        public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
                throws ArgoException {
            synchronized (ModelFabric.this) {
                require(parts.size() <= MAXIMUM_PARTS, ArgoError.EINVAL);
                require(source.domain() == id || source.domain() == V4vAddress.DOMAIN_ANY, ArgoError.EPERM);
                Ring ring = find(destination);
                require(ring.writer == null, ArgoError.EBUSY);
                try {
                    return ring.append(new V4vAddress(id, source.port()), messageType, parts);
                } catch (ArgoException e) {
                    int total = (int)
                            parts.stream().mapToLong(MemorySegment::byteSize).sum();
                    require(e.error() != ArgoError.EAGAIN || ring.queue(id, total), ArgoError.EBUSY);
                    throw e;
                }
            }
        }

        @Override
        public RingStatus notify(V4vAddress destination, int spaceRequired) {
            synchronized (ModelFabric.this) {
                try {
                    Ring ring = find(destination);
                    int maximum = ring.length - 32;
                    boolean sufficient = spaceRequired <= ring.free();
                    if (sufficient) {
                        ring.waiting.remove(id);
                    }
                    return new RingStatus(
                            true,
                            ring.partner == V4vAddress.DOMAIN_ANY,
                            ring.tx == ring.rx,
                            sufficient,
                            spaceRequired > maximum,
                            !sufficient && spaceRequired <= maximum && !ring.queue(id, spaceRequired),
                            maximum);
                } catch (ArgoException e) {
                    return RingStatus.NONE;
                }
            }
        }

        @Override
        public boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException {
            synchronized (ModelFabric.this) {
                long start = System.nanoTime();
                RingStatus status = notify(destination, spaceRequired);
                while (status.exists() && !status.sufficient() && !status.tooLarge()) {
                    require(!status.busy(), ArgoError.EBUSY);
                    if (!sleep(start, timeoutNanos)) {
                        break;
                    }
                    status = notify(destination, spaceRequired);
                }
                return status.sufficient();
            }
        }

        @Override
        public void close() {
            synchronized (ModelFabric.this) {
                if (domains.remove(id, this)) {
                    List.copyOf(rings).forEach(Ring::close);
                    for (Domain other : domains.values()) {
                        other.rings.forEach(ring -> ring.waiting.remove(id));
                        other.rings.removeIf(ring -> {
                            ring.partnerGone |= ring.partner == id;
                            return ring.partner == id;
                        });
                    }
                    ModelFabric.this.notifyAll();
                }
            }
        }
    }

    private static void require(boolean holds, ArgoError error) throws ArgoException {
        if (!holds) {
            throw new ArgoException(error, "by the model");
        }
    }

    /** Waits for any event. False if the time is over. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private boolean sleep(long start, long timeoutNanos) {
        long left = timeoutNanos - (System.nanoTime() - start);
        if (left <= 0) {
            return false;
        }
        try {
            wait(left / 1_000_000, (int) (left % 1_000_000));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private final class Ring implements ReceiveRing {
        private final Domain owner;
        private final V4vAddress address;
        private final int partner;
        private final int length;
        private final MemorySegment data;
        private final ArrayList<Message> records = new ArrayList<>();
        private long rx;
        private long tx;
        private int read;
        private Message current;
        private Writer writer;
        private boolean finished;
        private boolean partnerGone;
        private boolean closed;
        private boolean woken;

        /** By domain, the largest length that it waits for. */
        private final Map<Integer, Integer> waiting = new HashMap<>();

        Ring(Domain owner, V4vAddress address, int partner, int length) {
            this.owner = owner;
            this.address = address;
            this.partner = partner;
            this.length = length;
            this.data = Arena.ofAuto().allocate(length, 16);
        }

        int free() {
            return Math.max(0, length - (int) (tx - rx) - 32);
        }

        boolean queue(int domain, int wanted) {
            if (!waiting.containsKey(domain) && waiting.size() >= V4vHypervisor.WAITING_DOMAINS) {
                return false;
            }
            waiting.merge(domain, wanted, Math::max);
            return true;
        }

        int append(V4vAddress source, int type, List<MemorySegment> parts) throws ArgoException {
            long total = 0;
            for (MemorySegment part : parts) {
                require(part.byteSize() <= V4vHypervisor.MAXIMUM_MESSAGE_BYTES, ArgoError.EINVAL);
                total += part.byteSize();
                require(total <= V4vHypervisor.MAXIMUM_MESSAGE_BYTES, ArgoError.EMSGSIZE);
            }
            int record = 16 + ((int) total + 15) / 16 * 16;
            require(length > record, ArgoError.EMSGSIZE);
            require(length - (tx - rx) > record, ArgoError.EAGAIN);
            int index = (int) ((tx + 16) % length);
            int at = index;
            for (MemorySegment part : parts) {
                for (byte b : part.toArray(ValueLayout.JAVA_BYTE)) {
                    data.set(ValueLayout.JAVA_BYTE, at, b);
                    at = (at + 1) % length;
                }
            }
            tx += record;
            records.add(new Message(source, type, index, (int) total, tx));
            ModelFabric.this.notifyAll();
            return (int) total;
        }

        @Override
        public V4vAddress address() {
            return address;
        }

        @Override
        public int partner() {
            return partner;
        }

        @Override
        public int lengthBytes() {
            return length;
        }

        @Override
        public boolean next() {
            synchronized (ModelFabric.this) {
                if (read == records.size()) {
                    return false;
                }
                current = records.get(read++);
                return true;
            }
        }

        @Override
        public int messageBytes() {
            return current.bytes();
        }

        @Override
        public int messageType() {
            return current.type();
        }

        @Override
        public V4vAddress source() {
            return current.source();
        }

        @Override
        public long position() {
            return current == null ? 0 : current.end();
        }

        @Override
        public void copy(int from, MemorySegment destination, long offset, int bytes) {
            payload(from, bytes).copyTo(destination, offset);
        }

        @Override
        public int getInt(int at) {
            return payload(at, 4).first().get(ValueLayout.JAVA_INT, 0);
        }

        @Override
        public Payload payload(int from, int bytes) {
            int start = (current.index() + from) % length;
            int first = Math.min(bytes, length - start);
            return new Payload(data.asSlice(start, first), data.asSlice(0, bytes - first));
        }

        @Override
        public void release(long position) {
            synchronized (ModelFabric.this) {
                rx = position;
                waiting.values().removeIf(wanted -> wanted <= free());
                ModelFabric.this.notifyAll();
            }
        }

        @Override
        public boolean hold() {
            synchronized (ModelFabric.this) {
                return !closed;
            }
        }

        @Override
        public void letGo() {}

        @Override
        public boolean await(long timeoutNanos) {
            synchronized (ModelFabric.this) {
                long start = System.nanoTime();
                while (read == records.size() && !woken && !closed && !partnerGone && !finished) {
                    if (!sleep(start, timeoutNanos)) {
                        break;
                    }
                }
                woken = false;
                return read < records.size() && !closed;
            }
        }

        @Override
        public void wake() {
            synchronized (ModelFabric.this) {
                woken = true;
                ModelFabric.this.notifyAll();
            }
        }

        @Override
        public boolean isPartnerAlive() {
            synchronized (ModelFabric.this) {
                return !partnerGone;
            }
        }

        @Override
        public boolean isFinished() {
            return hasWriterLeft();
        }

        @Override
        public boolean hasWriterLeft() {
            synchronized (ModelFabric.this) {
                return finished;
            }
        }

        @Override
        public void close() {
            synchronized (ModelFabric.this) {
                closed = true;
                owner.rings.remove(this);
                ModelFabric.this.notifyAll();
            }
        }
    }

    private final class Writer implements SendRing {
        private final Domain sender;
        private final Ring ring;
        private final V4vAddress source;
        private MemorySegment staged = MemorySegment.NULL;
        private boolean woken;
        private boolean closed;

        Writer(Domain sender, Ring ring, V4vAddress source) {
            this.sender = sender;
            this.ring = ring;
            this.source = source;
        }

        @Override
        public V4vAddress address() {
            return ring.address;
        }

        @Override
        public int lengthBytes() {
            return ring.length;
        }

        @Override
        public boolean claim(int messageBytes) throws ArgoException {
            synchronized (ModelFabric.this) {
                require(ring.length > 16 + (messageBytes + 15) / 16 * 16, ArgoError.EMSGSIZE);
                sender.find(ring.address);
                staged = Arena.ofAuto().allocate(messageBytes, 16);
                return fits(messageBytes);
            }
        }

        private boolean fits(int messageBytes) {
            return ring.length - (ring.tx - ring.rx) > 16 + (messageBytes + 15) / 16 * 16;
        }

        @Override
        public void put(int at, MemorySegment from, long offset, long bytes) {
            MemorySegment.copy(from, offset, staged, at, bytes);
        }

        @Override
        public void putInt(int at, int value) {
            staged.set(ValueLayout.JAVA_INT, at, value);
        }

        @Override
        public Payload claimed(int from, int bytes) {
            return Payload.of(staged.asSlice(from, bytes));
        }

        @Override
        public void commit(int messageType) {
            synchronized (ModelFabric.this) {
                try {
                    ring.append(source, messageType, List.of(staged));
                } catch (ArgoException e) {
                    throw new IllegalStateException("what was claimed has space", e);
                }
            }
        }

        @Override
        public boolean hold() {
            return true;
        }

        @Override
        public void letGo() {}

        @Override
        public boolean awaitSpace(int messageBytes, long timeoutNanos) {
            synchronized (ModelFabric.this) {
                long start = System.nanoTime();
                while (!fits(messageBytes) && !woken && !closed && isPartnerAlive()) {
                    if (!sleep(start, timeoutNanos)) {
                        break;
                    }
                }
                woken = false;
                return fits(messageBytes) || !isPartnerAlive();
            }
        }

        @Override
        public void wake() {
            synchronized (ModelFabric.this) {
                woken = true;
                ModelFabric.this.notifyAll();
            }
        }

        @Override
        public boolean isPartnerAlive() {
            synchronized (ModelFabric.this) {
                return !ring.closed;
            }
        }

        @Override
        public void close() {
            synchronized (ModelFabric.this) {
                closed = true;
                if (ring.writer == this) {
                    ring.writer = null;
                    ring.finished = true;
                    ModelFabric.this.notifyAll();
                }
            }
        }
    }
}
