package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PayloadView;
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
    private final RingEnd end;
    private final MemorySegment ring;
    private final V4vAddress address;
    private final int partner;
    private final int capacity;
    private final Consumer<SharedReceiveRing> unregister;
    private final Runnable spaceFreed;

    private volatile boolean watched;

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
        this(memory, address, partner, lengthBytes, unregister, () -> {});
    }

    /**
     * As above.
     *
     * @param spaceFreed runs in the receiver's thread when records are released while the ring is watched
     */
    public SharedReceiveRing(
            RingMemory memory,
            V4vAddress address,
            int partner,
            int lengthBytes,
            Consumer<SharedReceiveRing> unregister,
            Runnable spaceFreed) {
        this.spaceFreed = spaceFreed;
        this.end = new RingEnd(
                memory, RingDescriptor.RECEIVER_DOORBELL, RingDescriptor.SENDER_DOORBELL, address.domain() > partner);
        this.ring = end.ring;
        this.address = address;
        this.partner = partner;
        this.capacity = lengthBytes;
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
        if (partner == V4vAddress.DOMAIN_ANY && sourceDomain >= V4vAddress.DOMAIN_ANY) {
            throw corrupted("record of domain " + sourceDomain);
        }
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
        PayloadView view = new PayloadView();
        payload(from, bytes, view);
        return view;
    }

    @Override
    public void payload(int from, int bytes, PayloadView view) {
        checkRange(from, bytes);
        int start = wrapped(messageIndex + from);
        int first = Math.min(bytes, capacity - start);
        view.show(ring, RingDescriptor.DATA + start, first, RingDescriptor.DATA, bytes - first);
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
        end.other.ring();
        if (watched) { // SYNC: watch; the doorbell's fence is between the position and this
            spaceFreed.run();
        }
    }

    /** Says whether somebody who is not the writer waits for space. Whoever sets it looks at the space once more afterwards. */
    public void watch(boolean isWatched) {
        watched = isWatched; // SYNC: watch
    }

    @Override
    public MemorySegment memory() {
        return end.ring;
    }

    @Override
    public boolean hold() {
        return end.hold();
    }

    @Override
    public void letGo() {
        end.letGo();
    }

    @Override
    public boolean await(long timeoutNanos) throws IOException {
        try {
            IdleStrategy.await(this, end.own, timeoutNanos);
            end.forgetWake();
            return !end.isClosed() && (next != knownTx || lookForRecords());
        } catch (IllegalStateException e) {
            if (end.isClosed()) {
                return false; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    @Override
    public boolean isReady() throws IOException {
        try {
            return isOver();
        } catch (IllegalStateException e) {
            if (end.isClosed()) {
                return true; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    /** With the doorbell that rings when {@link #isReady} may have become true. */
    RingEnd end() {
        return end;
    }

    /** For the wait: a record, or a reason why waiting is in vain. */
    @Override
    public boolean isOver() throws RingCorruptedException {
        return end.isInterrupted() || next != knownTx || lookForRecords() || end.isInVain();
    }

    @Override
    public void wake() {
        end.wake();
    }

    /** Tells the receiver that the partner's domain has died; records that lie in the ring can still be read. */
    public void partnerGone() {
        end.partnerGone();
    }

    /** The largest message that would fit now, as a sender sees it; for whoever answers questions about the ring. Any thread. */
    public int freeMessageBytes() {
        if (!end.hold()) {
            return 0;
        }
        int free = RingDescriptor.freeMessageBytes(ring, capacity);
        end.letGo();
        return free;
    }

    @Override
    public boolean isPartnerAlive() {
        return !end.isPartnerGone();
    }

    @Override
    public boolean isFinished() {
        return end.isClosed() || end.hasOtherLeft();
    }

    @Override
    public boolean hasWriterLeft() {
        return end.hasOtherLeft();
    }

    @Override
    public void close() {
        end.close(() -> unregister.accept(this));
    }
}
