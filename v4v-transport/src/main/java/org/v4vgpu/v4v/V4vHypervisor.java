package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
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

    /** Windows that wait to be opened, or that this domain's own memory is limited by. */
    int WINDOWS_PER_DOMAIN = 4096;

    /** So many domains can wait for space in one ring. */
    int WAITING_DOMAINS = 32;

    /** The domain that this is the view of. */
    int domain();

    /** Where the domains meet, for people: {@code fabric /dev/shm/v4vgpu-1000}. */
    String place();

    /**
     * The same domain, asked by somebody who has that much time: a request that another domain has to answer fails with EAGAIN after
     * it, instead of after the hypervisor's own patience. Closing the one closes the other. A hypervisor that asks no domain
     * is its own view.
     */
    default V4vHypervisor withPatience(long timeoutNanos) {
        return this;
    }

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
     * @throws ArgoException ESRCH; EPERM if a rule forbids it; ECONNREFUSED (also where only a ring for any partner has that port);
     *     EBUSY if this domain writes it already
     */
    SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException;

    /**
     * Sends one record: all parts or nothing. A ring registered for exactly this domain is preferred to one for any partner. Where
     * the hypervisor keeps a waiting list, who finds a ring for any partner full is put on it, with the largest length that it
     * wanted.
     *
     * @param source whose domain must be this one or {@link V4vAddress#DOMAIN_ANY}; the port is the caller's choice
     * @return the bytes of the message
     * @throws ArgoException in this order: EINVAL for more than 8 parts; EPERM for a foreign source; ESRCH; EPERM if a rule
     *     forbids it; ECONNREFUSED; EINVAL or EMSGSIZE for parts that no ring takes; EMSGSIZE if it can never fit; where the
     *     hypervisor keeps a waiting list, EBUSY if it does not fit now and {@value #WAITING_DOMAINS} other domains wait; EAGAIN if
     *     it does not fit now
     */
    int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException;

    /**
     * Asks about a ring as {@link #sendv} would find it. Where the hypervisor keeps a waiting list, the domain comes off it if the space
     * suffices, and is put on it if it does not suffice yet.
     *
     * @throws ArgoException EPERM if a rule forbids it, or if the request could not be made; a domain or ring that does not exist is
     *     an answer
     */
    RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException;

    /**
     * Asks about several rings, in one request where the hypervisor has one for that (Argo's {@code xen_argo_ring_data} with several
     * entries). Each is answered as by {@link #notify(V4vAddress, int)}, in the order of the questions.
     *
     * @throws ArgoException as there, for the first ring to which that happens; those before it have been asked about
     */
    default List<RingStatus> notify(List<SpaceQuestion> questions) throws ArgoException {
        List<RingStatus> answers = new ArrayList<>(questions.size());
        for (SpaceQuestion question : questions) {
            answers.add(notify(question.destination(), question.spaceRequired()));
        }
        return answers;
    }

    /**
     * Waits until a message of that many bytes would fit or never will.
     *
     * @return whether it fits; false after the time, or if the ring is gone
     * @throws ArgoException EBUSY if the hypervisor keeps a waiting list and {@value #WAITING_DOMAINS} other domains are on it; EPERM if
     *     a rule forbids to send there; or if the request could not be made
     */
    boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException;

    /** Whether {@link #share} and {@link #open} are possible here: not where a hypervisor copies every message. */
    default boolean sharesWindows() {
        return false;
    }

    /**
     * Makes memory that {@code partner} alone can {@link #open}, and once.
     *
     * @param lengthBytes positive; the memory is of whole pages
     * @throws ArgoException EOPNOTSUPP where none can be shared; EINVAL for a length that is not positive; ESRCH; ENOSPC beyond {@value
     *     #WINDOWS_PER_DOMAIN}; ENOMEM
     */
    default Window share(int partner, long lengthBytes) throws ArgoException {
        throw new ArgoException(ArgoError.EOPNOTSUPP, "no memory can be shared in " + place());
    }

    /**
     * Maps memory that {@code owner} has shared with this domain.
     *
     * @throws ArgoException EOPNOTSUPP; EINVAL; ESRCH; ECONNREFUSED if it shares nothing of that name with this domain; EFAULT if
     *     that is shorter than it should be, or could shrink
     */
    default Window open(int owner, long name, long lengthBytes) throws ArgoException {
        throw new ArgoException(ArgoError.EOPNOTSUPP, "no memory can be shared in " + place());
    }

    /** Whether the domain has not left. */
    default boolean isOpen() {
        return true;
    }

    /** Leaves: all rings of this domain go, its partners notice. Idempotent. */
    @Override
    void close();

    /**
     * One of the rings that are asked about.
     *
     * @param spaceRequired of a message, in bytes
     */
    record SpaceQuestion(V4vAddress destination, int spaceRequired) {}

    /**
     * The answer to {@link #notify(V4vAddress, int)}: Argo's XEN_ARGO_RING flags.
     *
     * @param shared for any partner
     * @param sufficient a message of the wanted length fits now
     * @param tooLarge it can never fit (Argo's EMSGSIZE flag)
     * @param busy it does not fit now, and the waiting list, where there is one, takes no more domains (Argo's EBUSY flag)
     * @param maximumMessageBytes of the empty ring; 0 where no ring exists
     */
    record RingStatus(
            boolean exists,
            boolean shared,
            boolean empty,
            boolean sufficient,
            boolean tooLarge,
            boolean busy,
            int maximumMessageBytes) {
        public static final RingStatus NONE = new RingStatus(false, false, false, false, false, 0);

        /** A ring on whose waiting list there is room. */
        public RingStatus(
                boolean exists,
                boolean shared,
                boolean empty,
                boolean sufficient,
                boolean tooLarge,
                int maximumMessageBytes) {
            this(exists, shared, empty, sufficient, tooLarge, false, maximumMessageBytes);
        }
    }
}
