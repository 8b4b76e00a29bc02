package org.v4vgpu.v4v.shm;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * A ring that this domain registered. Guarded by the {@link FabricDomain}'s lock.
 *
 * @param fd the memory of a ring for one partner, or -1
 * @param writer copies in what comes for a ring for any partner; null for the others
 * @param peer the one partner; null for any
 * @param waiting for space in it
 */
record OwnRing(
        SharedReceiveRing ring,
        int fd,
        @Nullable SharedSendRing writer,
        @Nullable Peer peer,
        WaitingList waiting) {

    boolean isShared() {
        return fd < 0;
    }
}
