package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A ring in memory that its sender maps too. One receiver; {@link #wake}, {@link #close}, {@link #partnerGone} and the queries of
 * flags are safe for any thread.
 *
 * <p>The hot path allocates nothing and makes no system call unless the sender sleeps. The positions that count are private;
 * the shared words are only published, and the sender's is read once and validated.
 */
public final class SharedReceiveRing extends RingReader {
    private final Consumer<SharedReceiveRing> unregister;
    private final Runnable spaceFreed;

    private volatile boolean watched;

    // The receiver's own: what has been released, what is known to be there.
    private long rx;
    private long knownTx;

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
        super(
                new RingEnd(
                        memory,
                        RingDescriptor.RECEIVER_DOORBELL,
                        RingDescriptor.SENDER_DOORBELL,
                        address.domain() > partner),
                RingDescriptor.DATA,
                address,
                partner,
                lengthBytes);
        this.spaceFreed = spaceFreed;
        this.unregister = unregister;
    }

    @Override
    public boolean next() throws RingCorruptedException {
        if (!hasRecord()) {
            return false;
        }
        int length = RecordDescriptor.length(ring, header());
        if (length < RecordDescriptor.BYTES || length > knownTx - next) {
            throw corrupted("record of " + length + " bytes where " + (knownTx - next) + " are");
        }
        show(length);
        if (partner == V4vAddress.DOMAIN_ANY && sourceDomain >= V4vAddress.DOMAIN_ANY) {
            throw corrupted("record of domain " + sourceDomain);
        }
        pass(length);
        return true;
    }

    @Override
    boolean hasRecord() throws RingCorruptedException {
        return next != knownTx || lookForRecords();
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

    @Override
    public V4vAddress source() {
        // A single writer could forge the domain in its record; that it is the partner is known without the record.
        return partner == V4vAddress.DOMAIN_ANY ? super.source() : new V4vAddress(partner, sourcePort());
    }

    @Override
    public void release(long position) {
        checkRelease(position, rx);
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
    public boolean hasWriterLeft() {
        return end.hasOtherLeft();
    }

    @Override
    public void close() {
        end.close(() -> unregister.accept(this));
    }
}
