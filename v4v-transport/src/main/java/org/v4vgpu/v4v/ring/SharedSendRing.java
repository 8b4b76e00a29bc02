package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A partner's ring in memory that is mapped here too. One sender; {@link #wake}, {@link #close}, {@link #partnerGone} and the
 * queries of flags are safe for any thread.
 *
 * <p>The hot path allocates nothing and makes no system call unless the receiver sleeps. The positions that count are private;
 * the receiver's is read once and validated.
 */
public final class SharedSendRing implements SendRing, IdleStrategy.Condition {
    private final RingMemory memory;
    private final MemorySegment ring;
    private final V4vAddress address;
    private final V4vAddress source;
    private final int capacity;
    private final Doorbell receiver;
    private final Doorbell own;
    private final Consumer<SharedSendRing> detach;

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean partnerGone;
    private volatile boolean woken;

    // The sender's own: where the next record begins, and how far the receiver is known to be.
    private long tx;
    private int index;
    private long knownRx;

    private int claimedBytes = -1;
    private int wantedBytes;

    /**
     * @param memory a ring that {@link RingDescriptor#isRing} has accepted; the hold becomes this object's
     * @param source what stands in the records
     * @param detach runs once, when this is closed, before the memory may go
     * @throws RingCorruptedException if its positions can't be
     */
    public SharedSendRing(
            RingMemory memory, V4vAddress address, V4vAddress source, int lengthBytes, Consumer<SharedSendRing> detach)
            throws RingCorruptedException {
        this.memory = memory;
        this.ring = memory.segment();
        this.address = address;
        this.source = source;
        this.capacity = lengthBytes;
        this.receiver = new Doorbell(ring, RingDescriptor.RECEIVER_DOORBELL, false);
        this.own = new Doorbell(ring, RingDescriptor.SENDER_DOORBELL, source.domain() > address.domain());
        this.detach = detach;
        tx = RingDescriptor.txAcquire(ring);
        long rx = RingDescriptor.rxAcquire(ring);
        if (rx < 0 || tx < rx || tx - rx >= capacity || ((tx | rx) & (RecordDescriptor.SLOT_BYTES - 1)) != 0) {
            throw corrupted(rx);
        }
        own.open();
        knownRx = rx;
        index = (int) (tx % capacity);
    }

    @Override
    public V4vAddress address() {
        return address;
    }

    @Override
    public int lengthBytes() {
        return capacity;
    }

    @Override
    public boolean claim(int messageBytes) throws IOException {
        claimedBytes = -1;
        if (closed.get()) {
            throw new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + address + " was detached");
        }
        int wanted = RecordDescriptor.recordBytes(messageBytes);
        if (!canEverFit(messageBytes, wanted)) {
            throw new ArgoException(
                    ArgoError.EMSGSIZE,
                    "message of " + messageBytes + " bytes exceeds the ring of " + capacity + " bytes at " + address);
        }
        if (receiver.isClosed()) {
            throw new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + address + " is gone");
        }
        if (partnerGone) {
            throw new ArgoException(ArgoError.ESRCH, "domain " + address.domain() + " is gone");
        }
        if (!fits(wanted)) {
            return false;
        }
        claimedBytes = messageBytes;
        return true;
    }

    private boolean canEverFit(int messageBytes, int wanted) {
        return messageBytes >= 0 && wanted > 0 && wanted < capacity;
    }

    /** One slot always stays free: a full ring would look like an empty one to Argo. */
    private boolean fits(int wanted) throws RingCorruptedException {
        if (capacity - (tx - knownRx) > wanted) {
            return true;
        }
        long rx = RingDescriptor.rxAcquire(ring); // SYNC: rx-publish
        if (rx < knownRx || rx > tx || rx % RecordDescriptor.SLOT_BYTES != 0) {
            throw corrupted(rx);
        }
        knownRx = rx;
        return capacity - (tx - rx) > wanted;
    }

    private RingCorruptedException corrupted(long rx) {
        return new RingCorruptedException("rx position " + rx + " beside tx position " + tx + " in the ring at "
                + address + " (length " + capacity + ")");
    }

    private int wrapped(int at) {
        return at >= capacity ? at - capacity : at;
    }

    @Override
    public void put(int at, MemorySegment from, long offset, long bytes) {
        checkRange(at, bytes);
        int start = wrapped(wrapped(index + RecordDescriptor.BYTES) + at);
        long first = Math.min(bytes, capacity - start);
        MemorySegment.copy(from, offset, ring, RingDescriptor.DATA + start, first);
        if (first < bytes) {
            MemorySegment.copy(from, offset + first, ring, RingDescriptor.DATA, bytes - first);
        }
    }

    @Override
    public void putInt(int at, int value) {
        checkRange(at, Integer.BYTES);
        int start = wrapped(wrapped(index + RecordDescriptor.BYTES) + at);
        ring.set(ValueLayout.JAVA_INT, RingDescriptor.DATA + start, value);
    }

    @Override
    public Payload claimed(int from, int bytes) {
        checkRange(from, bytes);
        int start = wrapped(wrapped(index + RecordDescriptor.BYTES) + from);
        int first = Math.min(bytes, capacity - start);
        MemorySegment head = ring.asSlice(RingDescriptor.DATA + start, first);
        return first == bytes ? Payload.of(head) : new Payload(head, ring.asSlice(RingDescriptor.DATA, bytes - first));
    }

    private void checkRange(int at, long bytes) {
        if (at < 0 || bytes < 0 || at > claimedBytes - bytes) {
            throw new IndexOutOfBoundsException(
                    bytes + " bytes at " + at + " of a claimed message of " + claimedBytes + " bytes");
        }
    }

    @Override
    public void commit(int messageType) {
        commit(source, messageType);
    }

    /** As {@link #commit(int)}, for a hypervisor that writes what others sent. */
    public void commit(V4vAddress from, int messageType) {
        int bytes = claimedBytes;
        if (bytes < 0) {
            throw new IllegalStateException("nothing is claimed");
        }
        RecordDescriptor.write(
                ring,
                RingDescriptor.DATA + index,
                RecordDescriptor.BYTES + bytes,
                (int) from.port(),
                from.domain(),
                messageType);
        claimedBytes = -1;
        int record = RecordDescriptor.recordBytes(bytes);
        tx += record;
        index = wrapped(index + record);
        RingDescriptor.txRelease(ring, tx); // SYNC: tx-publish
        receiver.ring();
    }

    /** Whether the receiver has taken everything. */
    public boolean isEmpty() throws RingCorruptedException {
        return fits(capacity - 1);
    }

    /** Whether a message of that many bytes would fit now. */
    public boolean hasSpace(int messageBytes) throws RingCorruptedException {
        int wanted = RecordDescriptor.recordBytes(messageBytes);
        return canEverFit(messageBytes, wanted) && fits(wanted);
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
    public boolean awaitSpace(int messageBytes, long timeoutNanos) throws IOException {
        wantedBytes = RecordDescriptor.recordBytes(messageBytes);
        try {
            IdleStrategy.await(this, own, timeoutNanos);
            if (woken) {
                woken = false;
            }
            return closed.get() || partnerGone || receiver.isClosed() || fits(wantedBytes);
        } catch (IllegalStateException e) {
            if (closed.get()) {
                return true; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    /** For the wait: space, or a reason why waiting is in vain. */
    @Override
    public boolean isOver() throws RingCorruptedException {
        return woken || closed.get() || partnerGone || fits(wantedBytes) || receiver.isClosed();
    }

    @Override
    public void wake() {
        woken = true;
        shake();
    }

    /** Tells the sender that the partner's domain has died. */
    public void partnerGone() {
        partnerGone = true;
        shake();
    }

    private void shake() {
        if (memory.hold()) {
            own.shake();
            memory.letGo();
        }
    }

    @Override
    public boolean isPartnerAlive() {
        if (partnerGone || !memory.hold()) {
            return false;
        }
        boolean alive = !receiver.isClosed();
        memory.letGo();
        return alive;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            detach.accept(this);
            own.close();
            receiver.shake();
            memory.letGo();
        }
    }
}
