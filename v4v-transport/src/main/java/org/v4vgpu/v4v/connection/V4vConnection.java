package org.v4vgpu.v4v.connection;

import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * An open connection: one ring per direction, before anybody has said what stands in them. Whoever gets it owns both rings. Safe for
 * any thread; its rings say who may use them.
 *
 * @param in what the peer writes
 * @param out what the peer reads
 * @param local for a connector its own ring, for a listener's side the listener
 * @param peer the other end likewise
 */
public record V4vConnection(ReceiveRing in, SendRing out, V4vAddress local, V4vAddress peer) implements AutoCloseable {
    /** Closes both rings, the outgoing one first: a peer whose ring is gone then finds the end of ours, too. */
    @Override
    public void close() {
        out.close();
        in.close();
    }
}
