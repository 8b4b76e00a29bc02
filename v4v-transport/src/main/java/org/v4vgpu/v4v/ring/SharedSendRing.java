package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PayloadView;
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
    private static final int MOST_CLAIMS = 4;

    private final RingEnd end;
    private final MemorySegment ring;
    private final V4vAddress address;
    private final V4vAddress source;
    private final int capacity;
    private final Consumer<SharedSendRing> detach;

    // The sender's own: where the next record begins, and how far the receiver is known to be.
    private long tx;
    private int index;
    private long knownRx;

    /** The lengths of the claimed messages, the oldest first. */
    private final int[] claims = new int[MOST_CLAIMS];

    private int claimCount;
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
        this.end = new RingEnd(
                memory,
                RingDescriptor.SENDER_DOORBELL,
                RingDescriptor.RECEIVER_DOORBELL,
                source.domain() > address.domain());
        this.ring = end.ring;
        this.address = address;
        this.source = source;
        this.capacity = lengthBytes;
        this.detach = detach;
        tx = RingDescriptor.txAcquire(ring);
        long rx = RingDescriptor.rxAcquire(ring);
        if (rx < 0 || tx < rx || tx - rx >= capacity || ((tx | rx) & (RecordDescriptor.SLOT_BYTES - 1)) != 0) {
            throw corrupted(rx);
        }
        end.own.open();
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
        claimCount = 0;
        if (end.isClosed()) {
            throw new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + address + " was detached");
        }
        int wanted = RecordDescriptor.recordBytes(messageBytes);
        if (!canEverFit(messageBytes, wanted)) {
            throw new ArgoException(
                    ArgoError.EMSGSIZE,
                    "message of " + messageBytes + " bytes exceeds the ring of " + capacity + " bytes at " + address);
        }
        if (end.isPartnerGone()) { // asked first: a ring may go long before its domain, and then nothing else tells of
            // that
            throw new ArgoException(ArgoError.ESRCH, "domain " + address.domain() + " is gone");
        }
        if (end.other.isClosed()) {
            throw new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + address + " is gone");
        }
        if (!fits(wanted)) {
            return false;
        }
        claims[0] = messageBytes;
        claimCount = 1;
        return true;
    }

    /** A ring that is gone, or about to be, is for the next {@link #claim} to tell. */
    @Override
    public boolean claimFurther(int messageBytes) throws IOException {
        if (claimCount == 0 || claimCount == MOST_CLAIMS || end.isClosed()) {
            return false;
        }
        int wanted = RecordDescriptor.recordBytes(messageBytes);
        if (!canEverFit(messageBytes, wanted) || !fits(recordBytes(claimCount) + wanted)) {
            return false;
        }
        claims[claimCount++] = messageBytes;
        return true;
    }

    @Override
    public void dropNewest() {
        claimCount = Math.max(0, claimCount - 1);
    }

    /** What that many of the claimed messages take, the oldest first. */
    private int recordBytes(int count) {
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += RecordDescriptor.recordBytes(claims[i]);
        }
        return bytes;
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
        checkRange(0, at, bytes);
        int start = wrapped(wrapped(index + RecordDescriptor.BYTES) + at);
        long first = Math.min(bytes, capacity - start);
        MemorySegment.copy(from, offset, ring, RingDescriptor.DATA + start, first);
        if (first < bytes) {
            MemorySegment.copy(from, offset + first, ring, RingDescriptor.DATA, bytes - first);
        }
    }

    @Override
    public void putInt(int at, int value) {
        checkRange(0, at, Integer.BYTES);
        int start = wrapped(wrapped(index + RecordDescriptor.BYTES) + at);
        ring.set(ValueLayout.JAVA_INT, RingDescriptor.DATA + start, value);
    }

    @Override
    public Payload claimed(int from, int bytes) {
        PayloadView view = new PayloadView();
        claimed(from, bytes, view);
        return view;
    }

    @Override
    public void claimed(int from, int bytes, PayloadView view) {
        int newest = claimCount - 1;
        checkRange(newest, from, bytes);
        int start = wrapped(wrapped(wrapped(index + recordBytes(newest)) + RecordDescriptor.BYTES) + from);
        int first = Math.min(bytes, capacity - start);
        view.show(ring, RingDescriptor.DATA + start, first, RingDescriptor.DATA, bytes - first);
    }

    private void checkRange(int claim, int at, long bytes) {
        int claimedBytes = claim >= 0 && claim < claimCount ? claims[claim] : -1;
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
        if (claimCount == 0) {
            throw new IllegalStateException("nothing is claimed");
        }
        int bytes = claims[0];
        RecordDescriptor.write(
                ring,
                RingDescriptor.DATA + index,
                RecordDescriptor.BYTES + bytes,
                (int) from.port(),
                from.domain(),
                messageType);
        claimCount--;
        System.arraycopy(claims, 1, claims, 0, claimCount);
        int record = RecordDescriptor.recordBytes(bytes);
        tx += record;
        index = wrapped(index + record);
        RingDescriptor.txRelease(ring, tx); // SYNC: tx-publish
        end.other.ring();
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
    public boolean awaitSpace(int messageBytes, long timeoutNanos) throws IOException {
        wantedBytes = RecordDescriptor.recordBytes(messageBytes);
        try {
            IdleStrategy.await(this, end.own, timeoutNanos);
            end.forgetWake();
            return end.isClosed() || end.isInVain() || fits(wantedBytes);
        } catch (IllegalStateException e) {
            if (end.isClosed()) {
                return true; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    @Override
    public boolean isReady(int messageBytes) throws IOException {
        try {
            return end.isClosed() || fits(RecordDescriptor.recordBytes(messageBytes)) || end.isInVain();
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

    /** For the wait: space, or a reason why waiting is in vain. */
    @Override
    public boolean isOver() throws RingCorruptedException {
        return end.isInterrupted() || fits(wantedBytes) || end.isInVain();
    }

    @Override
    public void wake() {
        end.wake();
    }

    /** Tells the sender that the partner's domain has died. */
    public void partnerGone() {
        end.partnerGone();
    }

    @Override
    public boolean isPartnerAlive() {
        return !end.isPartnerGone() && !end.hasOtherLeft();
    }

    @Override
    public void close() {
        end.close(() -> detach.accept(this));
    }
}
