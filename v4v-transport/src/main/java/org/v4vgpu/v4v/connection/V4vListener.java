package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/** A listening ring, which takes nothing but requests to connect. Safe for any thread. */
public final class V4vListener implements MessageListener {
    private static final Logger LOG = System.getLogger(V4vListener.class.getName());

    /** Requests are of 32 bytes: more than a hundred can wait. */
    private static final int LISTENING_RING_BYTES = 4096;

    private final V4vHypervisor hypervisor;
    private final int ringBytes;
    private final ReceiveRing ring;
    private final Object receiver = new Object();
    private volatile boolean closed;

    /** Listens on a port of a domain, with rings of the ordinary length. */
    public static V4vListener open(V4vHypervisor hypervisor, long port) throws IOException {
        return open(hypervisor, port, V4vConnections.ordinaryRingBytes());
    }

    /**
     * Listens on a port of a domain.
     *
     * @param ringBytes of the ring for what a connector sends
     */
    public static V4vListener open(V4vHypervisor hypervisor, long port, int ringBytes) throws IOException {
        try {
            return new V4vListener(
                    hypervisor, hypervisor.register(port, V4vAddress.DOMAIN_ANY, LISTENING_RING_BYTES), ringBytes);
        } catch (ArgoException e) {
            V4vAddress address = new V4vAddress(hypervisor.domain(), port);
            throw new IOException(
                    e.error() == ArgoError.EEXIST
                            ? address + " is in use; stop the other listener or take another port"
                            : "cannot listen on " + address + ": " + e.getMessage(),
                    e);
        }
    }

    private V4vListener(V4vHypervisor hypervisor, ReceiveRing ring, int ringBytes) {
        this.hypervisor = hypervisor;
        this.ring = ring;
        this.ringBytes = ringBytes;
    }

    @Override
    public ChannelAddress address() {
        return ring.address();
    }

    @Override
    public MessageChannel accept() throws IOException {
        V4vConnection connection = acceptConnection();
        return new V4vMessageChannel(
                connection.in(), connection.out(), connection.peer().toString());
    }

    /** As {@link #accept}, for whoever puts something other than messages on the rings. */
    public V4vConnection acceptConnection() throws IOException {
        synchronized (receiver) {
            while (true) {
                ensureOpen();
                if (ring.next()) {
                    V4vConnection connection = acceptCurrent();
                    if (connection != null) {
                        return connection;
                    }
                } else {
                    try {
                        var _ = ring.await(Long.MAX_VALUE);
                    } catch (IllegalStateException e) {
                        throw new IOException("no longer listening on " + address(), e);
                    }
                }
            }
        }
    }

    private void ensureOpen() throws IOException {
        if (closed) {
            throw new IOException("no longer listening on " + address());
        }
    }

    /** Null if the request comes to nothing. */
    private @Nullable V4vConnection acceptCurrent() {
        V4vAddress connector = ring.source();
        int type = ring.messageType();
        MemorySegment request = V4vConnections.copy(ring);
        ring.release(ring.position());
        String foreignness = type == ConnectDescriptor.REQUEST
                ? ConnectDescriptor.foreignness(request)
                : "does not speak the v4vgpu message protocol";
        try {
            if (!foreignness.isEmpty()) {
                LOG.log(Level.WARNING, "{0} refuses {1}: it {2}", address(), connector, foreignness);
                V4vConnections.refuse(hypervisor, connector, "the connector " + foreignness);
                return null;
            }
            return connect(connector);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} could not connect {1}: {2}", address(), connector, e.getMessage());
            return null;
        }
    }

    private V4vConnection connect(V4vAddress connector) throws IOException {
        ReceiveRing in;
        try {
            in = V4vConnections.register(hypervisor, connector.domain(), ringBytes);
        } catch (ArgoException e) {
            V4vConnections.refuse(hypervisor, connector, "no ring for the connection: " + e.getMessage());
            throw e;
        }
        SendRing out = null;
        try {
            out = hypervisor.attach(in.address().port(), connector);
            V4vConnections.answer(
                    out,
                    ConnectDescriptor.ACCEPT,
                    ConnectDescriptor.encode(in.address().port(), ""));
            return new V4vConnection(in, out, ring.address(), connector);
        } catch (IOException e) {
            if (out != null) {
                out.close();
            }
            in.close();
            throw e;
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        ring.wake();
        synchronized (receiver) {
            try {
                while (ring.next()) {
                    V4vAddress connector = ring.source();
                    ring.release(ring.position());
                    V4vConnections.refuse(hypervisor, connector, "the listener is closing");
                }
            } catch (RingCorruptedException e) {
                throw new AssertionError("only this domain writes its listening ring", e);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "{0} could not refuse a connector: {1}", address(), e.getMessage());
            }
            ring.close();
        }
    }
}
