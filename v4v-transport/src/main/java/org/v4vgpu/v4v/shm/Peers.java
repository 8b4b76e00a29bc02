package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;

/** The other domains that this one knows, and its questions to them. Safe for any thread; guarded by the {@link FabricDomain}'s lock. */
final class Peers {
    private final FabricDomain domain;
    private final Map<Integer, Peer> peers = new HashMap<>();

    Peers(FabricDomain domain) {
        this.domain = domain;
    }

    /**
     * The living domain of that id, with a link to ask it.
     *
     * @throws ArgoException ENODEV, ESRCH, EPERM, EAGAIN
     */
    Peer of(int id, long patienceNanos) throws ArgoException {
        synchronized (domain) {
            domain.ensureOpen();
            Peer known = peers.get(id);
            if (known != null && known.link() != null) {
                return known;
            }
        }
        ControlLink link = connect(id, false, patienceNanos);
        synchronized (domain) {
            if (domain.isClosed()) {
                link.close();
            }
            domain.ensureOpen();
            Peer peer = inLife(id, link.incarnation());
            peer.links.add(link); // even a second one stays open: its hang-up would say that we died
            domain.wakeLoop();
            return peer;
        }
    }

    private ControlLink connect(int id, boolean aside, long patienceNanos) throws ArgoException {
        try {
            return ControlLink.connect(domain.fabric(), id, domain.id(), domain.incarnation(), aside, patienceNanos);
        } catch (ArgoException e) {
            throw e;
        } catch (IOException e) {
            throw new ArgoException(
                    ArgoError.EFAULT, "domain " + id + " of " + domain.fabric() + ": " + e.getMessage());
        }
    }

    /** The peer of that life; an earlier life of the same domain ends with it. */
    Peer inLife(int id, long life) {
        synchronized (domain) {
            Peer known = peers.get(id);
            if (known != null && known.incarnation != life) {
                domain.peerGone(known);
                known = null;
            }
            if (known == null) {
                known = new Peer(id, life);
                peers.put(id, known);
            }
            return known;
        }
    }

    /** Asks a domain something. The reply's status is for the caller to look at. */
    ControlLink.Reply ask(Peer peer, ControlLink.Request request, long patienceNanos) throws ArgoException {
        ControlLink link;
        synchronized (domain) {
            link = peer.link();
        }
        if (link == null) {
            throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
        }
        return ask(link, request, patienceNanos);
    }

    /** As {@link #ask}, on a socket of its own, for a question whose answer may take long. */
    ControlLink.Reply askAside(Peer peer, ControlLink.Request request, long patienceNanos) throws ArgoException {
        long start = System.nanoTime();
        ControlLink aside = connect(peer.domain, true, patienceNanos);
        try {
            synchronized (domain) {
                domain.ensureOpen();
                if (peer.gone || aside.incarnation() != peer.incarnation) {
                    throw new ArgoException(ArgoError.ESRCH, "domain " + peer.domain + " is gone");
                }
                peer.asides.add(aside);
            }
            return ask(aside, request, patienceNanos - (System.nanoTime() - start));
        } finally {
            synchronized (domain) {
                peer.asides.remove(aside);
            }
            aside.close();
        }
    }

    private static ControlLink.Reply ask(ControlLink link, ControlLink.Request request, long patienceNanos)
            throws ArgoException {
        try {
            return link.request(request, patienceNanos);
        } catch (ArgoException e) {
            throw e;
        } catch (IOException e) {
            throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
        }
    }

    List<Peer> all() {
        synchronized (domain) {
            return List.copyOf(peers.values());
        }
    }

    /** The link to each peer that has one, whose hang-up is the peer's death. */
    Map<Peer, ControlLink> links() {
        synchronized (domain) {
            Map<Peer, ControlLink> links = new HashMap<>();
            for (Peer peer : peers.values()) {
                ControlLink link = peer.link();
                if (link != null) {
                    links.put(peer, link);
                }
            }
            return links;
        }
    }

    void remove(Peer peer) {
        synchronized (domain) {
            peers.remove(peer.domain, peer);
        }
    }
}
