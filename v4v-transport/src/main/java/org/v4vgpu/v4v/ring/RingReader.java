package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PayloadView;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;

/**
 * The receiver's end of a ring, whoever writes it: where it reads, the record that it has read last, and its waits. One receiver, with
 * the exceptions of {@link ReceiveRing}. How records arrive and space is given back, and what is checked of that, is the subclass's.
 */
abstract sealed class RingReader implements ReceiveRing, IdleStrategy.Condition
        permits SharedReceiveRing, ArgoReceiveRing {
    final RingEnd end;
    final MemorySegment ring;
    final V4vAddress address;
    final int partner;
    final int capacity;

    // Where the next record will be: as a position, and as an index into the data.
    long next;
    int nextIndex;

    /** As the current record says; any domain can write that into a ring that it maps. */
    int sourceDomain;

    private final long data;

    // The current record.
    private int messageIndex;
    private int messageBytes;
    private int messageType;
    private int sourcePort;

    /** @param data where the ring's bytes begin in its memory */
    RingReader(RingEnd end, long data, V4vAddress address, int partner, int lengthBytes) {
        this.end = end;
        this.ring = end.ring;
        this.data = data;
        this.address = address;
        this.partner = partner;
        this.capacity = lengthBytes;
    }

    @Override
    public final V4vAddress address() {
        return address;
    }

    @Override
    public final int partner() {
        return partner;
    }

    @Override
    public final int lengthBytes() {
        return capacity;
    }

    /** Whether {@link #next} would move. */
    abstract boolean hasRecord() throws RingCorruptedException;

    /** Where the next record's header is. */
    final long header() {
        return data + nextIndex;
    }

    /** Makes the next record the current one; its length is the one that was read and checked. */
    final void show(int length) {
        long header = header();
        messageBytes = length - RecordDescriptor.BYTES;
        messageType = RecordDescriptor.messageType(ring, header);
        sourcePort = RecordDescriptor.sourcePort(ring, header);
        sourceDomain = RecordDescriptor.sourceDomain(ring, header);
        messageIndex = wrapped(nextIndex + RecordDescriptor.BYTES);
    }

    /** Goes behind a record of so many bytes, header included. */
    final void pass(int length) {
        int bytes = RecordDescriptor.slots(length);
        next += bytes;
        nextIndex = wrapped(nextIndex + bytes);
    }

    final int wrapped(int index) {
        return index >= capacity ? index - capacity : index;
    }

    @Override
    public final int messageBytes() {
        return messageBytes;
    }

    @Override
    public final int messageType() {
        return messageType;
    }

    @Override
    public V4vAddress source() {
        return new V4vAddress(sourceDomain, sourcePort());
    }

    final long sourcePort() {
        return Integer.toUnsignedLong(sourcePort);
    }

    @Override
    public final long position() {
        return next;
    }

    @Override
    public final void copy(int from, MemorySegment destination, long offset, int bytes) {
        checkRange(from, bytes);
        int start = wrapped(messageIndex + from);
        int first = Math.min(bytes, capacity - start);
        MemorySegment.copy(ring, data + start, destination, offset, first);
        if (first < bytes) {
            MemorySegment.copy(ring, data, destination, offset + first, bytes - first);
        }
    }

    @Override
    public final int getInt(int at) {
        checkRange(at, Integer.BYTES);
        return ring.get(ValueLayout.JAVA_INT, data + wrapped(messageIndex + at));
    }

    @Override
    public final Payload payload(int from, int bytes) {
        PayloadView view = new PayloadView();
        payload(from, bytes, view);
        return view;
    }

    @Override
    public final void payload(int from, int bytes, PayloadView view) {
        checkRange(from, bytes);
        int start = wrapped(messageIndex + from);
        int first = Math.min(bytes, capacity - start);
        view.show(ring, data + start, first, data, bytes - first);
    }

    private void checkRange(int from, int bytes) {
        if ((from | bytes) < 0 || from > messageBytes - bytes) {
            throw new IndexOutOfBoundsException(
                    bytes + " bytes at " + from + " of a message of " + messageBytes + " bytes");
        }
    }

    /** Refuses a position that nothing can be released up to. */
    final void checkRelease(long position, long released) {
        if (position < released || position > next) {
            throw new IllegalArgumentException("position " + position + " is not between " + released + " and " + next);
        }
    }

    @Override
    public final boolean hold() {
        return end.hold();
    }

    @Override
    public final void letGo() {
        end.letGo();
    }

    @Override
    public final boolean await(long timeoutNanos) throws IOException {
        try {
            prepareToWait();
            IdleStrategy.await(this, end.own, timeoutNanos);
            end.forgetWake();
            return !end.isClosed() && hasRecord();
        } catch (IllegalStateException e) {
            if (end.isClosed()) {
                return false; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    /** What is to be done before the receiver sleeps. */
    void prepareToWait() throws RingCorruptedException {}

    @Override
    public final boolean isReady() throws IOException {
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
    final RingEnd end() {
        return end;
    }

    /** For the wait: a record, or a reason why waiting is in vain. */
    @Override
    public final boolean isOver() throws RingCorruptedException {
        return end.isInterrupted() || hasRecord() || end.isInVain();
    }

    @Override
    public final void wake() {
        end.wake();
    }

    /** Tells the receiver that the partner has died; records that lie in the ring can still be read. */
    public final void partnerGone() {
        end.partnerGone();
    }

    @Override
    public final boolean isPartnerAlive() {
        return !end.isPartnerGone();
    }

    @Override
    public final boolean isFinished() {
        return end.isClosed() || hasWriterLeft();
    }
}
