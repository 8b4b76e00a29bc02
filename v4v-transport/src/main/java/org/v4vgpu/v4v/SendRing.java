package org.v4vgpu.v4v;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A partner's ring, as its one writer sees it. One sender; {@link #wake}, {@link #close} and {@link #isPartnerAlive} are safe for
 * any thread.
 *
 * <p>A record is claimed, filled in any order, and committed; before the commit the partner sees nothing of it.
 */
public interface SendRing extends AutoCloseable {
    /** The partner's domain and the port of its ring. */
    V4vAddress address();

    int lengthBytes();

    /**
     * Claims space for a message if there is space, dropping a claim that was not committed.
     *
     * @return whether there is space (Argo's EAGAIN if not)
     * @throws ArgoException EMSGSIZE if it can never fit; ECONNREFUSED if the ring is gone; ESRCH if the domain is
     * @throws RingCorruptedException if the receiver wrote nonsense
     */
    boolean claim(int messageBytes) throws IOException;

    /**
     * Claims space behind what is claimed already, so that several messages are filled at the same time; they are committed in the order
     * in which they were claimed.
     *
     * @return false, and everything is as before, if there is no space, or no such space in this kind of ring
     */
    default boolean claimFurther(int messageBytes) throws IOException {
        return false;
    }

    /** Drops the claim that was made last. */
    default void dropNewest() {}

    /** Writes into the claimed message, the oldest of several. */
    void put(int at, MemorySegment source, long offset, long bytes);

    /** Writes an int at an offset that is a multiple of 4 within the first slots of the claimed message, the oldest of several. */
    void putInt(int at, int value);

    /** The bytes of the message that was claimed last, where they will lie. Valid until the commit and while {@link #hold} holds the ring. */
    Payload claimed(int from, int bytes);

    /** As {@link #claimed(int, int)}, shown by a view of the caller's. */
    default void claimed(int from, int bytes, PayloadView view) {
        view.show(claimed(from, bytes));
    }

    /** Publishes the claimed message, the oldest of several, and wakes the partner if it sleeps. */
    void commit(int messageType);

    /** The mapping that claimed messages lie in, while {@link #hold} holds the ring; nothing where there is none that lasts. */
    default MemorySegment memory() {
        return MemorySegment.NULL;
    }

    /** Keeps the memory of the ring mapped until {@link #letGo}. False if it is gone already. */
    boolean hold();

    /** Ends a {@link #hold}. Any thread. */
    void letGo();

    /**
     * Waits for space.
     *
     * @return whether {@link #claim} of as many bytes would find space or throw; false after the time or {@link #wake}
     */
    boolean awaitSpace(int messageBytes, long timeoutNanos) throws IOException;

    /**
     * Whether {@link #claim} of as many bytes would find space or throw. Never waits; the sender's thread. For whoever waits for
     * several rings, see {@link org.v4vgpu.v4v.ring.DoorbellPanel}.
     */
    default boolean isReady(int messageBytes) throws IOException {
        return awaitSpace(messageBytes, 0);
    }

    /** Ends a wait that is in progress or about to begin. */
    void wake();

    /** Whether the partner's domain is still there and has its ring registered. */
    boolean isPartnerAlive();

    /**
     * Detaches. What was committed stays, and the receiver learns that nothing will follow. Never waits. A message that another
     * thread commits at the same time may be lost. Idempotent.
     */
    @Override
    void close();
}
