package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * A listening ring, which takes nothing but requests to connect. Safe for any thread.
 *
 * <p>A thread of its own reads the ring and hands each request to {@link Handshakes}, so a connection is whole before anybody
 * accepts it: up to {@code backlog} of them wait here, further requests in the ring, and beyond that connectors wait for space.
 */
public final class V4vListener implements MessageListener {
    /** Connections that wait to be accepted unless the caller says otherwise. */
    public static final int BACKLOG = 32;

    private static final Logger LOG = System.getLogger(V4vListener.class.getName());

    /** Requests are of 32 bytes: more than a hundred can wait. */
    private static final int LISTENING_RING_BYTES = 4096;

    private static final long JOIN_MILLIS = 10_000;

    private final ReceiveRing ring;
    private final int backlog;
    private final Handshakes handshakes;
    private final Thread reader;

    // Guarded by ready.
    private final ArrayDeque<V4vConnection> ready = new ArrayDeque<>();
    private boolean closed;

    /** Listens on a port of a domain, with rings of the ordinary length. */
    public static V4vListener open(V4vHypervisor hypervisor, long port) throws IOException {
        return open(hypervisor, port, V4vConnections.ordinaryRingBytes());
    }

    /** As {@link #open(V4vHypervisor, long, int, int)}, with {@link #BACKLOG}. */
    public static V4vListener open(V4vHypervisor hypervisor, long port, int ringBytes) throws IOException {
        return open(hypervisor, port, ringBytes, BACKLOG);
    }

    /**
     * Listens on a port of a domain.
     *
     * @param ringBytes of the ring for what a connector sends
     * @param backlog the most connections that wait to be accepted, at least 1
     */
    public static V4vListener open(V4vHypervisor hypervisor, long port, int ringBytes, int backlog) throws IOException {
        if (backlog < 1) {
            throw new IllegalArgumentException("a backlog of " + backlog);
        }
        try {
            V4vListener listener = new V4vListener(
                    hypervisor,
                    hypervisor.register(port, V4vAddress.DOMAIN_ANY, LISTENING_RING_BYTES),
                    ringBytes,
                    backlog);
            listener.reader.start();
            return listener;
        } catch (ArgoException e) {
            V4vAddress address = new V4vAddress(hypervisor.domain(), port);
            throw new IOException(
                    e.error() == ArgoError.EEXIST
                            ? address + " is in use; stop the other listener or take another port"
                            : "cannot listen on " + address + ": " + e.getMessage(),
                    e);
        }
    }

    private V4vListener(V4vHypervisor hypervisor, ReceiveRing ring, int ringBytes, int backlog) {
        this.ring = ring;
        this.backlog = backlog;
        this.handshakes = new Handshakes(hypervisor, ring.address(), ringBytes, this::offer);
        this.reader = Thread.ofPlatform()
                .daemon()
                .name("v4v-listener-" + ring.address().domain() + "-"
                        + ring.address().port())
                .unstarted(this::read);
    }

    @Override
    public ChannelAddress address() {
        return ring.address();
    }

    @Override
    public MessageChannel accept() throws IOException {
        return acceptConnection().messages();
    }

    /** As {@link #accept}, for whoever puts something other than messages on the rings. */
    public V4vConnection acceptConnection() throws IOException {
        boolean interrupted = false;
        synchronized (ready) {
            try {
                while (ready.isEmpty()) {
                    if (closed) {
                        throw new IOException("no longer listening on " + address());
                    }
                    interrupted |= pause();
                }
                ready.notifyAll(); // there is room for another
                return ready.remove();
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** Waits for any change; whether it was interrupted, which ends no wait for good. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private boolean pause() {
        try {
            ready.wait();
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** The reader's work. It ends when the listener is closed or its domain has left. */
    private void read() {
        try {
            while (awaitRoom()) {
                if (ring.next()) {
                    handshakes.answer(ring);
                } else {
                    var _ = ring.await(Long.MAX_VALUE);
                }
            }
            while (ring.next()) {
                handshakes.refuse(ring, "the listener is closing");
            }
        } catch (IllegalStateException | IOException e) {
            // The ring went with its domain; only this domain writes it, so nothing else can be wrong with it.
            LOG.log(Level.DEBUG, "{0} ended with its domain: {1}", address(), e.getMessage());
        } finally {
            end();
            handshakes.close();
            ring.close();
        }
    }

    /** False if the listener is closed. */
    private boolean awaitRoom() {
        synchronized (ready) {
            while (!closed && ready.size() >= backlog) {
                var _ = pause();
            }
            return !closed;
        }
    }

    private void offer(V4vConnection connection) {
        synchronized (ready) {
            if (!closed) {
                ready.add(connection);
                ready.notifyAll();
                return;
            }
        }
        connection.close();
    }

    private void end() {
        synchronized (ready) {
            closed = true;
            ready.forEach(V4vConnection::close);
            ready.clear();
            ready.notifyAll();
        }
    }

    @Override
    public void close() {
        end();
        ring.wake();
        try {
            reader.join(JOIN_MILLIS); // the port is free when this returns
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
