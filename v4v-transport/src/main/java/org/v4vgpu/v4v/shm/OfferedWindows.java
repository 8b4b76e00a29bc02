package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;

/**
 * Memory that domains of a fabric share: what this one offers, until its partner has taken it, and how it takes what others offer. Safe
 * for any thread; guarded by the {@link FabricDomain}'s lock.
 *
 * <p>A window is sealed memory, as a ring is. Its descriptor goes to the partner once and is closed then, so that what lives on are
 * two mappings which nobody else can reach.
 */
final class OfferedWindows {
    private static final long PAGE_BYTES = 4096;

    private final FabricDomain domain;
    private final Map<Integer, Offer> offers = new HashMap<>();
    private int lastName;

    /** Memory that waits to be taken by one partner. */
    private record Offer(Peer peer, int fd) {}

    OfferedWindows(FabricDomain domain) {
        this.domain = domain;
    }

    /** Makes memory for a partner. @throws ArgoException ENODEV, ESRCH, ENOSPC, EINVAL, ENOMEM */
    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the window's
    Window share(Peer peer, long lengthBytes) throws ArgoException {
        long bytes = wholePages(lengthBytes);
        Arena arena = Arena.ofShared();
        int fd = -1;
        try {
            fd = Linux.sealedMemory("v4v-window", bytes);
            MemorySegment memory = Linux.map(fd, bytes, arena);
            int name = offer(peer, fd);
            return new Window(Integer.toUnsignedLong(name), memory, arena, () -> withdraw(name, peer));
        } catch (IOException e) {
            arena.close();
            if (fd >= 0) {
                Linux.close(fd);
            }
            throw e instanceof ArgoException known
                    ? known
                    : new ArgoException(
                            ArgoError.ENOMEM, "no memory for a window of " + bytes + " bytes: " + e.getMessage());
        }
    }

    private int offer(Peer peer, int fd) throws ArgoException {
        synchronized (domain) {
            domain.ensureOpen();
            if (peer.gone) {
                throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
            }
            if (offers.size() >= V4vHypervisor.WINDOWS_PER_DOMAIN) {
                throw new ArgoException(
                        ArgoError.ENOSPC,
                        "domain " + domain.id() + " offers " + V4vHypervisor.WINDOWS_PER_DOMAIN + " windows already");
            }
            do {
                lastName++;
            } while (offers.containsKey(lastName));
            offers.put(lastName, new Offer(peer, fd));
            return lastName;
        }
    }

    /** The owner closes a window: if its partner has not taken it, nobody will. */
    private void withdraw(int name, Peer peer) {
        synchronized (domain) {
            Offer offer = offers.get(name);
            if (offer != null && offer.peer.equals(peer)) {
                offers.remove(name);
                Linux.close(offer.fd);
            }
        }
    }

    /** Takes out what is offered to that peer under a name: a descriptor that is the caller's, or -1. */
    int take(Peer peer, int name) {
        synchronized (domain) {
            Offer offer = offers.get(name);
            if (offer == null || !offer.peer.equals(peer)) {
                return -1;
            }
            offers.remove(name);
            return offer.fd;
        }
    }

    /** Withdraws what is offered to a peer that is gone. */
    void removeFor(Peer peer) {
        synchronized (domain) {
            for (Iterator<Offer> each = offers.values().iterator(); each.hasNext(); ) {
                Offer offer = each.next();
                if (offer.peer.equals(peer)) {
                    each.remove();
                    Linux.close(offer.fd);
                }
            }
        }
    }

    /** Maps what another domain offers. @throws ArgoException ESRCH, EAGAIN, ECONNREFUSED, EINVAL, EFAULT */
    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the window's
    Window open(Peer peer, long name, long lengthBytes, long patienceNanos) throws ArgoException {
        long bytes = wholePages(lengthBytes);
        ControlLink.Reply reply =
                domain.peers().ask(peer, ControlLink.Request.of(ControlDescriptor.WINDOW, name, 0, 0), patienceNanos);
        int fd = reply.fd();
        if (reply.status() != 0 || fd < 0) {
            if (fd >= 0) {
                Linux.close(fd);
            }
            throw new ArgoException(
                    reply.status() == 0 ? ArgoError.EFAULT : ArgoError.of(reply.status()),
                    "domain " + peer.domain + " shares no window " + name + " with domain " + domain.id());
        }
        Arena arena = Arena.ofShared();
        try {
            if (!Linux.isSealed(fd, bytes)) {
                throw new ArgoException(
                        ArgoError.EFAULT,
                        "window " + name + " of domain " + peer.domain + " is no sealed memory of " + bytes + " bytes");
            }
            return new Window(name, Linux.map(fd, bytes, arena), arena, () -> {});
        } catch (IOException e) {
            arena.close();
            throw e instanceof ArgoException known
                    ? known
                    : new ArgoException(
                            ArgoError.ENOMEM,
                            "window " + name + " of domain " + peer.domain + " can't be mapped: " + e.getMessage());
        } finally {
            Linux.close(fd);
        }
    }

    private static long wholePages(long bytes) throws ArgoException {
        if (bytes <= 0 || bytes > Long.MAX_VALUE - PAGE_BYTES) {
            throw new ArgoException(ArgoError.EINVAL, "a window of " + bytes + " bytes");
        }
        return (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    }
}
