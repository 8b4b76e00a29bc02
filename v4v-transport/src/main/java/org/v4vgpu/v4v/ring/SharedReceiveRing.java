package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A ring in memory that its sender maps too. One receiver; {@link #wake}, {@link #close}, {@link #partnerGone} and the queries of
 * flags are safe for any thread.
 *
 * <p>The hot path allocates nothing and makes no system call unless the sender sleeps. The positions that count are private;
 * the shared words are only published, and the sender's is read once and validated.
 */
public final class SharedReceiveRing implements ReceiveRing, IdleStrategy.Condition {
    private final RingMemory memory;
    private final MemorySegment ring;
    private final V4vAddress address;
    private final int partner;
    private final int capacity;
    private final Doorbell own;
    private final Doorbell sender;
    private final Consumer<SharedReceiveRing> unregister;

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean partnerGone;
    private volatile boolean woken;

    // The receiver's own: what has been released, what has been read, what is known to be there.
    private long rx;
    private long next;
    private int nextIndex;
    private long knownTx;

    // The current record.
    private int messageIndex;
    private int messageBytes;
    private int messageType;
    private int sourcePort;
    private int sourceDomain;

    /**
     * @param memory an initialized, empty ring; the hold becomes this object's
     * @param unregister runs once, when the ring is closed, before its memory may go
     */
    public SharedReceiveRing(
            RingMemory memory,
            V4vAddress address,
            int partner,
            int lengthBytes,
            Consumer<SharedReceiveRing> unregister) {
        this.memory = memory;
        this.ring = memory.segment();
        this.address = address;
        this.partner = partner;
        this.capacity = lengthBytes;
        this.own = new Doorbell(ring, RingDescriptor.RECEIVER_DOORBELL, address.domain() > partner);
        this.sender = new Doorbell(ring, RingDescriptor.SENDER_DOORBELL, false);
        this.unregister = unregister;
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
        return capacity;
    }

    @Override
    public boolean next() throws RingCorruptedException {
        long at = next;
        if (at == knownTx && !lookForRecords()) {
            return false;
        }
        long header = RingDescriptor.DATA + nextIndex;
        int length = RecordDescriptor.length(ring, header);
        if (length < RecordDescriptor.BYTES || length > knownTx - at) {
            throw corrupted("record of " + length + " bytes where " + (knownTx - at) + " are");
        }
        int bytes = RecordDescriptor.slots(length);
        messageBytes = length - RecordDescriptor.BYTES;
        messageType = RecordDescriptor.messageType(ring, header);
        sourcePort = RecordDescriptor.sourcePort(ring, header);
        sourceDomain = RecordDescriptor.sourceDomain(ring, header);
        messageIndex = wrapped(nextIndex + RecordDescriptor.BYTES);
        next = at + bytes;
        nextIndex = wrapped(nextIndex + bytes);
        return true;
    }

    private boolean lookForRecords() throws RingCorruptedException {
        long tx = RingDescriptor.txAcquire(ring); // SYNC: tx-publish
        if (tx == knownTx) {
            return false;
        }
        if (tx < next || tx - rx > capacity - RecordDescriptor.SLOT_BYTES || tx % RecordDescriptor.SLOT_BYTES != 0) {
            throw corrupted("tx position " + tx + " beside rx position " + rx);
        }
        knownTx = tx;
        return true;
    }

    private RingCorruptedException corrupted(String what) {
        return new RingCorruptedException(what + " in the ring of port " + address.port() + " (length " + capacity
                + ") that domain " + partner + " writes");
    }

    private int wrapped(int index) {
        return index >= capacity ? index - capacity : index;
    }

    @Override
    public int messageBytes() {
        return messageBytes;
    }

    @Override
    public int messageType() {
        return messageType;
    }

    @Override
    public V4vAddress source() {
        // A single writer could forge the domain in its record; that it is the partner is known without the record.
        return new V4vAddress(
                partner == V4vAddress.DOMAIN_ANY ? sourceDomain : partner, Integer.toUnsignedLong(sourcePort));
    }

    @Override
    public long position() {
        return next;
    }

    @Override
    public void copy(int from, MemorySegment destination, long offset, int bytes) {
        checkRange(from, bytes);
        int start = wrapped(messageIndex + from);
        int first = Math.min(bytes, capacity - start);
        MemorySegment.copy(ring, RingDescriptor.DATA + start, destination, offset, first);
        if (first < bytes) {
            MemorySegment.copy(ring, RingDescriptor.DATA, destination, offset + first, bytes - first);
        }
    }

    @Override
    public int getInt(int at) {
        checkRange(at, Integer.BYTES);
        return ring.get(ValueLayout.JAVA_INT, RingDescriptor.DATA + wrapped(messageIndex + at));
    }

    @Override
    public Payload payload(int from, int bytes) {
        checkRange(from, bytes);
        int start = wrapped(messageIndex + from);
        int first = Math.min(bytes, capacity - start);
        MemorySegment head = ring.asSlice(RingDescriptor.DATA + start, first);
        return first == bytes ? Payload.of(head) : new Payload(head, ring.asSlice(RingDescriptor.DATA, bytes - first));
    }

    private void checkRange(int from, int bytes) {
        if ((from | bytes) < 0 || from > messageBytes - bytes) {
            throw new IndexOutOfBoundsException(
                    bytes + " bytes at " + from + " of a message of " + messageBytes + " bytes");
        }
    }

    @Override
    public void release(long position) {
        if (position < rx || position > next) {
            throw new IllegalArgumentException("position " + position + " is not between " + rx + " and " + next);
        }
        rx = position;
        RingDescriptor.rxRelease(ring, position); // SYNC: rx-publish
        sender.ring();
    }

    @Override
    public boolean hold() {
        return memory.hold();
    }

    @Override
    public void letGo() {
        memory.letGo();
    }

    @Override
    public boolean await(long timeoutNanos) throws IOException {
        try {
            IdleStrategy.await(this, own, timeoutNanos);
            if (woken) {
                woken = false;
            }
            return !closed.get() && (next != knownTx || lookForRecords());
        } catch (IllegalStateException e) {
            if (closed.get()) {
                return false; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    /** For the wait: a record, or a reason why waiting is in vain. */
    @Override
    public boolean isOver() throws RingCorruptedException {
        return woken || closed.get() || next != knownTx || lookForRecords() || partnerGone || sender.isClosed();
    }

    @Override
    public void wake() {
        woken = true;
        shake(own);
    }

    /** Tells the receiver that the partner's domain has died; records that lie in the ring can still be read. */
    public void partnerGone() {
        partnerGone = true;
        shake(own);
    }

    /** The largest message that would fit now, as a sender sees it; for whoever answers questions about the ring. Any thread. */
    public int freeMessageBytes() {
        if (!memory.hold()) {
            return 0;
        }
        long used = RingDescriptor.txAcquire(ring) - RingDescriptor.rxAcquire(ring);
        memory.letGo();
        return (int) Math.max(0, Math.min(capacity - used, capacity) - 2 * RecordDescriptor.SLOT_BYTES);
    }

    private void shake(Doorbell doorbell) {
        if (memory.hold()) {
            doorbell.shake();
            memory.letGo();
        }
    }

    @Override
    public boolean isPartnerAlive() {
        return !partnerGone;
    }

    @Override
    public boolean isFinished() {
        if (!memory.hold()) {
            return true;
        }
        boolean finished = sender.isClosed();
        memory.letGo();
        return finished;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            unregister.accept(this);
            own.close();
            sender.shake();
            memory.letGo();
        }
    }
}
