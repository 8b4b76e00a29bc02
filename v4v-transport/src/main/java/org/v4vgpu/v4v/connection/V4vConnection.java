package org.v4vgpu.v4v.connection;

import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * An open connection: one ring per direction, before anybody has said what stands in them. Whoever gets it owns both rings. Safe for
 * any thread; its rings say who may use them.
 */
public final class V4vConnection implements AutoCloseable {
    private final ReceiveRing in;
    private final SendRing out;
    private final V4vAddress local;
    private final V4vAddress peer;
    private final Runnable whenClosed;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** {@code whenClosed} runs once, in the thread that closes. */
    V4vConnection(ReceiveRing in, SendRing out, V4vAddress local, V4vAddress peer, Runnable whenClosed) {
        this.in = in;
        this.out = out;
        this.local = local;
        this.peer = peer;
        this.whenClosed = whenClosed;
    }

    /** What the peer writes. */
    public ReceiveRing in() {
        return in;
    }

    /** What the peer reads. */
    public SendRing out() {
        return out;
    }

    /** For a connector its own ring, for a listener's side the listener. */
    public V4vAddress local() {
        return local;
    }

    /** The other end likewise. */
    public V4vAddress peer() {
        return peer;
    }

    /** Puts messages on the rings, which become the channel's. */
    MessageChannel messages() {
        return new V4vMessageChannel(in, out, peer.toString(), whenClosed);
    }

    /** Closes both rings, the outgoing one first: a peer whose ring is gone then finds the end of ours, too. Idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            out.close();
            in.close();
            whenClosed.run();
        }
    }
}
