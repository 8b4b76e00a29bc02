package org.v4vgpu.v4v.ring;

import java.util.function.Consumer;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A ring that Xen writes, one whole record after another. One receiver; {@link #wake}, {@link #close}, {@link #event}, {@link
 * #partnerGone} and the queries of flags are safe for any thread.
 *
 * <p>What a writer would say in shared memory it says here by {@link SignDescriptor signs} between its messages, which {@link #next}
 * passes over. They are read when they arrive, so that its end is known before what precedes it was received; but where the ring is
 * full the end arrives after something was released.
 */
public final class ArgoReceiveRing extends RingReader {
    /** While the ring was never fuller than this part of it, nobody waits for space but for nearly all of it. */
    private static final int SPARE_PART = 16;

    /** Senders that wait are told at the latest when this part has been released. */
    private static final int ANNOUNCED_PART = 4;

    /** So many looks in a row that do not find the ring of a writer that had one: it has gone. */
    private static final int MOST_MISSES = 2;

    /** A last sign that found no space may come so long after there is some. */
    private static final long FAREWELL_NANOS = 500_000_000;

    private final Consumer<ArgoReceiveRing> unregister;
    private final Runnable spaceFreed;

    /** The receiver's own. */
    private long unannounced;

    // Guarded by this: what has been released, what has arrived, the messages among that which were not read, and the
    // most
    // that lay there since senders were told of space.
    private long rx;
    private long knownTx;
    private int knownIndex;
    private int messages;
    private long peak;
    private boolean corrupted;

    // Guarded by this: the writer.
    private boolean isPulsing;
    private long writerPort;
    private boolean writerHadRing;
    private int misses;
    private int heardIndex = -1;
    private long heardNanos;
    private boolean wasFull;
    private long fullNanos;

    /**
     * @param memory an empty ring, see {@link ArgoRingDescriptor#initialize}; the hold becomes this object's
     * @param unregister runs once, when the ring is closed, before its memory may go: Xen must not write it any more
     * @param spaceFreed asks Xen to wake who waits for space; runs in the receiver's thread
     */
    public ArgoReceiveRing(
            RingMemory memory,
            V4vAddress address,
            int partner,
            int lengthBytes,
            Consumer<ArgoReceiveRing> unregister,
            Runnable spaceFreed) {
        super(
                new RingEnd(
                        memory,
                        ArgoRingDescriptor.RECEIVER_DOORBELL,
                        ArgoRingDescriptor.WRITER_MARK,
                        false), // nobody of another domain runs on this processor
                ArgoRingDescriptor.DATA,
                address,
                partner,
                lengthBytes);
        this.unregister = unregister;
        this.spaceFreed = spaceFreed;
    }

    @Override
    public synchronized boolean next() throws RingCorruptedException {
        if (!hasRecord()) {
            return false;
        }
        int length = RecordDescriptor.length(ring, header());
        show(length);
        pass(length);
        messages--;
        return true;
    }

    /** A message. Also passes over signs before it. The receiver's. */
    @Override
    synchronized boolean hasRecord() throws RingCorruptedException {
        if (messages == 0) {
            look();
        }
        while (next != knownTx && isSign(header())) {
            boolean isFirst = next == rx;
            pass(RecordDescriptor.length(ring, header()));
            if (isFirst) {
                moveTo(next);
            }
        }
        return messages > 0;
    }

    /** Reads what has arrived. Xen moves tx_ptr over whole records only; what it wrote is checked all the same, and once. */
    private synchronized void look() throws RingCorruptedException {
        int tx = ArgoRingDescriptor.txAcquire(ring);
        if (tx == knownIndex) {
            return;
        }
        if (corrupted || tx < 0 || tx >= capacity || tx % RecordDescriptor.SLOT_BYTES != 0) {
            throw corrupted("tx_ptr " + tx);
        }
        int left = tx - knownIndex;
        left += left < 0 ? capacity : 0;
        int at = knownIndex;
        long arrived = left;
        while (left > 0) {
            int length = RecordDescriptor.length(ring, ArgoRingDescriptor.DATA + at);
            if (length < RecordDescriptor.BYTES || length > left) {
                throw corrupted("record of " + length + " bytes where " + left + " are");
            }
            hear(ArgoRingDescriptor.DATA + at);
            int bytes = RecordDescriptor.slots(length);
            at = wrapped(at + bytes);
            left -= bytes;
        }
        knownTx += arrived;
        knownIndex = tx;
        peak = Math.max(peak, knownTx - rx);
        if (!hasRoom(tx)) {
            wasFull = true;
            fullNanos = System.nanoTime();
        }
    }

    private void hear(long header) throws RingCorruptedException {
        if (!isSign(header)) {
            if (RecordDescriptor.sourceDomain(ring, header) >= V4vAddress.DOMAIN_ANY) {
                throw corrupted("record of domain " + RecordDescriptor.sourceDomain(ring, header));
            }
            messages++;
            if (end.other.isClosed()) {
                end.other.open(); // somebody sends again, and has had no space to say so before
            }
        } else if (RecordDescriptor.messageType(ring, header) == SignDescriptor.PULSE) {
            isPulsing = true;
            long port = Integer.toUnsignedLong(RecordDescriptor.sourcePort(ring, header));
            if (port != writerPort) {
                writerPort = port;
                writerHadRing = false;
            }
            misses = 0;
            end.other.open();
        } else {
            isPulsing = false;
            end.other.close();
            end.own.ring(); // whoever waits may be another than who looks
        }
    }

    /** In a ring for any partner a stranger would speak for others. */
    private boolean isSign(long header) {
        return partner != V4vAddress.DOMAIN_ANY && SignDescriptor.isSign(RecordDescriptor.messageType(ring, header));
    }

    private RingCorruptedException corrupted(String what) {
        corrupted = true;
        return new RingCorruptedException(
                what + " in the ring of port " + address.port() + " (length " + capacity + ") that Xen writes");
    }

    @Override
    public synchronized void release(long position) {
        checkRelease(position, rx);
        unannounced += position - rx;
        moveTo(position);
        if (peak >= capacity / SPARE_PART && (rx == knownTx || unannounced >= capacity / ANNOUNCED_PART)) {
            announce();
        }
    }

    private void moveTo(long position) {
        rx = position;
        ArgoRingDescriptor.rxRelease(ring, (int) (position % capacity));
    }

    /** Xen tells nobody of free space by itself. To ask costs a hypercall, so it is done where somebody can be waiting. */
    private synchronized void announce() {
        unannounced = 0;
        peak = knownTx - rx;
        spaceFreed.run();
    }

    @Override
    void prepareToWait() throws RingCorruptedException {
        if (!hasRecord() && unannounced > 0) {
            announce();
        }
    }

    /** Wakes the receiver if Xen has written; after every event. */
    public synchronized void event() {
        if (end.hold()) {
            if (messages > 0 || ArgoRingDescriptor.txAcquire(ring) != knownIndex) {
                end.own.ring();
            }
            end.letGo();
        }
    }

    /** The port of the writer's own ring, by which to see whether it lives; 0 if it has none or nobody is attached. */
    public synchronized long writerPort() {
        return isPulsing ? writerPort : 0;
    }

    /** Whether a writer is attached, who will detach or else be missed. */
    public synchronized boolean isPulsing() {
        return isPulsing;
    }

    /**
     * Judges the writer's life by its own ring; to be told in regular looks. A writer whose ring has gone has died, or closed and its
     * last sign is on its way: so it takes two looks, and space for that sign.
     */
    public synchronized void writerRing(boolean exists) {
        if (exists) {
            writerHadRing = true;
            misses = 0;
        } else if (writerHadRing && isPulsing && hasHeardAll() && ++misses >= MOST_MISSES) {
            end.partnerGone();
        }
    }

    /**
     * The writer's own ring was unregistered. One that closes says DETACH before, if there is space for that; and so a writer that
     * did not has died.
     *
     * @param port of that ring
     */
    public synchronized void writerRingGone(long port) {
        if (port == writerPort() && hasHeardAll()) {
            end.partnerGone();
        }
    }

    /** Judges the writer's life by its silence: an attached writer pulses, unless there is no space. In regular looks. */
    public synchronized void judgeSilence(long nowNanos, long deadNanos) {
        if (!end.hold()) {
            return;
        }
        try {
            look();
            if (knownIndex != heardIndex || !hasRoom(knownIndex)) {
                heardIndex = knownIndex;
                heardNanos = nowNanos;
            } else if (isPulsing && nowNanos - heardNanos > deadNanos) {
                end.partnerGone();
            }
        } catch (RingCorruptedException e) {
            heardNanos = nowNanos; // as the receiver will find, too
        } finally {
            end.letGo();
        }
    }

    private boolean hasHeardAll() {
        if (!end.hold()) {
            return false;
        }
        try {
            look();
            return hasRoom(knownIndex) && (!wasFull || System.nanoTime() - fullNanos > FAREWELL_NANOS);
        } catch (RingCorruptedException e) {
            return false; // as the receiver will find, too
        } finally {
            end.letGo();
        }
    }

    private boolean hasRoom(int tx) {
        int used = tx - (int) (rx % capacity);
        used += used < 0 ? capacity : 0;
        return capacity - used > RecordDescriptor.BYTES;
    }

    @Override
    public boolean hasWriterLeft() {
        if (end.hold()) {
            try {
                look();
            } catch (RingCorruptedException e) {
                return false; // as next says
            } finally {
                end.letGo();
            }
        }
        return end.hasOtherLeft();
    }

    @Override
    public void close() {
        end.close(() -> unregister.accept(this));
    }
}
