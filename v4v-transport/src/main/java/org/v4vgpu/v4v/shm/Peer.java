package org.v4vgpu.v4v.shm;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * One life of another domain, as long as we know it: its sockets in both directions and what hangs on them. Guarded by the
 * {@link FabricDomain}'s lock.
 */
final class Peer {
    final int domain;
    final long incarnation;

    /** Sockets of theirs that we requested; the first one is used. */
    final List<ControlLink> links = new ArrayList<>();

    /** Sockets of theirs on which somebody waits for space. */
    final Set<ControlLink> asides = new HashSet<>();

    /** Rings of theirs that we write. */
    final Set<SharedSendRing> attached = new HashSet<>();

    volatile boolean gone;

    Peer(int domain, long incarnation) {
        this.domain = domain;
        this.incarnation = incarnation;
    }

    @Nullable
    ControlLink link() {
        return links.isEmpty() ? null : links.getFirst();
    }
}
