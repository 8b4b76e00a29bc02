package org.v4vgpu.v4v;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A ring that this domain registered, read in place. One receiver; {@link #wake}, {@link #close} and {@link #isPartnerAlive} are
 * safe for any thread.
 *
 * <p>{@link #next} moves from record to record; {@link #release} gives their space back to the sender, in order, whenever the
 * receiver is done with them. Everything that comes out of the ring except in-place payloads has been validated.
 */
public interface ReceiveRing extends AutoCloseable {
    /** This domain and the port of the ring. */
    V4vAddress address();

    /** The one domain that may send, or {@link V4vAddress#DOMAIN_ANY}. */
    int partner();

    int lengthBytes();

    /**
     * Moves to the next record, if there is one.
     *
     * @throws RingCorruptedException if the sender wrote nonsense; the ring is unusable from then on
     */
    boolean next() throws IOException;

    /** The bytes of the current record's message. */
    int messageBytes();

    int messageType();

    /** The sender's domain as the hypervisor stamped it, and the port that the sender claims. */
    V4vAddress source();

    /** Where the current record ends, before the first one where that begins; an argument for {@link #release}. */
    long position();

    /** Copies bytes of the current message out; the copy is private. */
    void copy(int from, MemorySegment destination, long offset, int bytes);

    /** An int of the current message at an offset that is a multiple of 4 and less than the slot that holds the header. */
    int getInt(int at);

    /** Bytes of the current message where they lie. Valid until they are released and while {@link #hold} holds the ring. */
    Payload payload(int from, int bytes);

    /** As {@link #payload(int, int)}, shown by a view of the caller's. */
    default void payload(int from, int bytes, PayloadView view) {
        view.show(payload(from, bytes));
    }

    /** Gives back all records up to a position. */
    void release(long position);

    /** The mapping that payloads lie in, while {@link #hold} holds the ring; nothing where there is none that lasts. */
    default MemorySegment memory() {
        return MemorySegment.NULL;
    }

    /** Keeps the memory of the ring alive until {@link #letGo}. False if it is gone already. */
    boolean hold();

    /** Ends a {@link #hold}. Any thread. */
    void letGo();

    /**
     * Waits for a record.
     *
     * @return whether there is one; false after the time, after {@link #wake}, or if none will come (closed, finished, partner gone)
     */
    boolean await(long timeoutNanos) throws IOException;

    /**
     * Whether {@link #await} would return at once: there is a record, or none will come. Never waits; the receiver's thread. For
     * whoever waits for several rings, see {@link org.v4vgpu.v4v.ring.DoorbellPanel}.
     */
    default boolean isReady() throws IOException {
        return await(0) || isFinished() || !isPartnerAlive();
    }

    /** Ends a wait that is in progress or about to begin. */
    void wake();

    /** Whether the partner's domain is still there. Always true for a ring for any partner. */
    boolean isPartnerAlive();

    /** Whether the writer has detached or this is closed, so that nothing follows what {@link #next} still finds. */
    boolean isFinished();

    /** Whether the writer has detached; after {@link #close} too, while {@link #hold} holds the ring. */
    boolean hasWriterLeft();

    /** Unregisters the ring. Its memory goes when nothing holds it any more. Idempotent. */
    @Override
    void close();
}
