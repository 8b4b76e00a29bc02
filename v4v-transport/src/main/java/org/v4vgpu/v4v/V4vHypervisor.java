package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What one domain sees of V4V: it registers rings of its own, and sends records into the rings of others. Safe for any thread.
 *
 * <p>The semantics are Argo's, with its error conditions and the order in which they are checked: a record is delivered whole or
 * not at all, its source domain is stamped by the hypervisor, and one slot of a ring always stays free, so that the largest
 * message of a ring of {@code len} bytes has {@code len - 32}.
 *
 * {@snippet :
 *   ReceiveRing ring = hypervisor.register(4840, V4vAddress.DOMAIN_ANY, 4096);
 *   if (ring.await(timeoutNanos) && ring.next()) {
 *       int type = ring.messageType();
 *       ring.release(ring.position());
 *   }
 * }
 *
 * <p>Source: Xen's public/argo.h and common/argo.c.
 */
public interface V4vHypervisor extends AutoCloseable {
    /** Records begin at multiples of this. */
    int SLOT_BYTES = 16;

    /** What precedes each message in a ring. */
    int RECORD_HEADER_BYTES = 16;

    /** The parts that one message may be gathered from. */
    int MAXIMUM_PARTS = 8;

    int MINIMUM_RING_BYTES = 48;
    int MAXIMUM_RING_BYTES = (16 << 20) - 64;
    int MAXIMUM_MESSAGE_BYTES = (16 << 20) - 32;
    int RINGS_PER_DOMAIN = 128;

    /** The domain that this is the view of. */
    int domain();

    /** Where the domains meet, for people: {@code fabric /dev/shm/v4vgpu-1000}. */
    String place();

    /**
     * Registers a ring into which {@code partner} may send; never replaces one (Argo's FAIL_EXIST).
     *
     * @param partner a domain, or {@link V4vAddress#DOMAIN_ANY}
     * @throws ArgoException in this order: EINVAL for a length that is no multiple of 16 or out of range; EPERM for a ring for
     *     any partner where that is forbidden; ESRCH; ENOSPC; EEXIST; ENOMEM
     */
    ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException;

    /**
     * Becomes the one writer of the ring that {@code destination} registered for exactly this domain.
     *
     * @throws ArgoException ESRCH, ECONNREFUSED (also where only a ring for any partner has that port), EBUSY if this domain
     *     writes it already
     */
    SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException;

    /**
     * Sends one record: all parts or nothing. A ring registered for exactly this domain is preferred to one for any partner.
     *
     * @param source whose domain must be this one or {@link V4vAddress#DOMAIN_ANY}; the port is the caller's choice
     * @return the bytes of the message
     * @throws ArgoException in this order: EINVAL for more than 8 parts; EPERM for a foreign source; ESRCH; ECONNREFUSED;
     *     EMSGSIZE if it can never fit; EAGAIN if it does not fit now
     */
    int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException;

    /**
     * Asks about a ring as {@link #sendv} would find it.
     *
     * @throws ArgoException if the request could not be made; a domain or ring that does not exist is an answer
     */
    RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException;

    /**
     * Waits until a message of that many bytes would fit or never will.
     *
     * @return whether it fits; false after the time, or if the ring is gone
     */
    boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException;

    /** Leaves: all rings of this domain go, its partners notice. Idempotent. */
    @Override
    void close();

    /**
     * The answer to {@link #notify}: Argo's XEN_ARGO_RING flags.
     *
     * @param shared for any partner
     * @param sufficient a message of the wanted length fits now
     * @param tooLarge it can never fit (Argo's EMSGSIZE flag)
     * @param maximumMessageBytes of the empty ring; 0 where no ring exists
     */
    record RingStatus(
            boolean exists,
            boolean shared,
            boolean empty,
            boolean sufficient,
            boolean tooLarge,
            int maximumMessageBytes) {
        public static final RingStatus NONE = new RingStatus(false, false, false, false, false, 0);
    }
}
