package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * A listening ring, which takes nothing but requests to connect. Safe for any thread.
 *
 * <p>A thread of its own reads the ring and hands each request to {@link Handshakes}, so a connection is whole before anybody
 * accepts it: up to {@code backlog} of them wait here, further requests are not answered until there is a place, and beyond what the
 * ring takes of those connectors wait for space.
 */
public final class V4vListener implements MessageListener {
    /** Connections that wait to be accepted unless the caller says otherwise. */
    public static final int BACKLOG = 32;

    private static final Logger LOG = System.getLogger(V4vListener.class.getName());

    /** Requests are of 32 bytes: more than a hundred can wait. */
    private static final int LISTENING_RING_BYTES = 4096;

    private static final long JOIN_MILLIS = 10_000;

    private final V4vHypervisor hypervisor;
    private final V4vAddress address;
    private final int backlog;
    private final Handshakes handshakes;
    private final Thread reader;

    // Guarded by ready.
    private final ArrayDeque<V4vConnection> ready = new ArrayDeque<>();
    private int entering;
    private boolean closed;

    /** Replaced by the reader alone. */
    private volatile ReceiveRing ring;

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
        this.hypervisor = hypervisor;
        this.ring = ring;
        this.address = ring.address();
        this.backlog = backlog;
        this.handshakes = new Handshakes(hypervisor, address, ringBytes, new Places());
        this.reader = Thread.ofPlatform()
                .daemon()
                .name("v4v-listener-" + address.domain() + "-" + address.port())
                .unstarted(this::read);
    }

    @Override
    public ChannelAddress address() {
        return address;
    }

    @Override
    public MessageChannel accept() throws IOException {
        V4vConnection connection = acceptConnection();
        return new V4vMessageChannel(
                connection.in(),
                connection.out(),
                connection.peer().toString(),
                DomainWindows.with(hypervisor, connection.peer().domain()));
    }

    /** As {@link #accept}, for whoever puts something other than messages on the rings. */
    public V4vConnection acceptConnection() throws IOException {
        return acceptConnection(Long.MAX_VALUE);
    }

    /**
     * As {@link #acceptConnection()}, for a limited time.
     *
     * @throws SocketTimeoutException when nobody connected in {@code timeoutNanos}
     */
    public V4vConnection acceptConnection(long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        boolean interrupted = false;
        synchronized (ready) {
            try {
                while (ready.isEmpty()) {
                    if (closed) {
                        throw new IOException("no longer listening on " + address());
                    }
                    long left = timeoutNanos - (System.nanoTime() - start);
                    if (left <= 0) {
                        throw new SocketTimeoutException(
                                "nobody connected to " + address() + " in " + timeoutNanos / 1_000_000 + " ms");
                    }
                    interrupted |= pause(left);
                }
                V4vConnection first = ready.remove();
                ready.notifyAll(); // there is room for another
                return first;
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** Waits for any change; whether it was interrupted, which ends no wait for good. */
    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private boolean pause(long nanos) {
        try {
            TimeUnit.NANOSECONDS.timedWait(ready, nanos);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** The reader's work. It ends when the listener is closed or its domain has left. */
    private void read() {
        try {
            while (awaitRoom()) {
                try {
                    if (ring.next()) {
                        handshakes.answer(ring);
                    } else {
                        var _ = ring.await(Long.MAX_VALUE);
                    }
                } catch (RingCorruptedException e) {
                    renew(e);
                }
            }
            while (ring.next()) {
                handshakes.refuse(ring, "the listener is closing");
            }
        } catch (IllegalStateException | IOException e) {
            LOG.log(Level.DEBUG, "{0} ended with its domain: {1}", address(), e.getMessage());
        } finally {
            end();
            handshakes.close();
            ring.close();
        }
    }

    /** Where strangers can write the listening ring itself, as in a region without a hypervisor, one of them can ruin it. */
    private void renew(RingCorruptedException cause) throws IOException {
        LOG.log(Level.WARNING, "{0} takes a new listening ring: {1}", address, cause.getMessage());
        ring.close();
        ring = hypervisor.register(address.port(), V4vAddress.DOMAIN_ANY, LISTENING_RING_BYTES);
    }

    /** False if the listener is closed. */
    private boolean awaitRoom() {
        synchronized (ready) {
            while (!closed && ready.size() + entering >= backlog) {
                var _ = pause(Long.MAX_VALUE);
            }
            return !closed;
        }
    }

    /** Those of this listener. */
    private final class Places implements Handshakes.Backlog {
        @Override
        public boolean enter() {
            synchronized (ready) {
                boolean isOpen = awaitRoom();
                entering += isOpen ? 1 : 0;
                return isOpen;
            }
        }

        @Override
        public void leave() {
            synchronized (ready) {
                entering--;
                ready.notifyAll();
            }
        }

        @Override
        public void add(V4vConnection whole) {
            synchronized (ready) {
                leave();
                if (!closed) {
                    ready.add(whole);
                    return;
                }
            }
            whole.close();
        }
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
