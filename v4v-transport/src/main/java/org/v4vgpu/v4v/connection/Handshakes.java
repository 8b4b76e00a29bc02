package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * Answers requests to connect. Safe for any thread; {@link #answer} and {@link #refuse} are the listener's reader's.
 *
 * <p>To answer means to ask the connector's domain, which may be stopped or hostile. So each connecting domain gets a thread while it
 * has requests: it can delay nobody but itself, for at most {@link #PATIENCE_NANOS} a request, and when it does not answer the rest
 * of its requests are dropped. A place in the backlog is taken when the connector's domain has answered all that is asked of it,
 * and before the connector is told, so that no connection is whole beyond the backlog.
 */
final class Handshakes implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Handshakes.class.getName());
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final int MOST_THREADS = 64;

    private final V4vHypervisor hypervisor;
    private final V4vAddress address;
    private final int ringBytes;
    private final Backlog backlog;
    private final ThreadPoolExecutor threads;

    // Guarded by this: requests of the domains that have a thread, and the connections of each domain.
    private final Map<Integer, ArrayDeque<Request>> requests = new HashMap<>();
    private final Map<Integer, List<ReceiveRing>> connections = new HashMap<>();

    /** Where whole connections wait for somebody to accept them. */
    interface Backlog {
        /** Takes a place, waiting for one; false if the listener is closed. */
        boolean enter();

        /** Gives a place back that no connection came to. */
        void leave();

        /** Puts a connection into the place that was taken for it. */
        void add(V4vConnection whole);
    }

    /** What to tell a connector: why not, or to come in if there is no reason. */
    private record Request(V4vAddress connector, String refusal) {}

    /**
     * @param backlog gets each connection, in the thread of its domain
     */
    Handshakes(V4vHypervisor hypervisor, V4vAddress address, int ringBytes, Backlog backlog) {
        this.hypervisor = hypervisor;
        this.address = address;
        this.ringBytes = ringBytes;
        this.backlog = backlog;
        this.threads = new ThreadPoolExecutor(
                MOST_THREADS,
                MOST_THREADS,
                1,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform()
                        .daemon()
                        .name("v4v-handshake-" + address.port() + "-", 0)
                        .factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /** Takes the ring's current record, a request, and sees to its answer. */
    void answer(ReceiveRing ring) {
        boolean isRequest = ring.messageType() == ConnectDescriptor.REQUEST;
        String foreignness = isRequest
                ? ConnectDescriptor.foreignness(V4vConnections.copy(ring))
                : "does not speak the v4vgpu message protocol";
        V4vAddress connector = ring.source();
        if (foreignness.isEmpty()) {
            take(ring, "");
        } else {
            LOG.log(Level.WARNING, "{0} refuses {1}: it {2}", address, connector, foreignness);
            take(ring, "the connector " + foreignness);
        }
    }

    /** Takes the ring's current record and tells its sender why it can't connect. */
    void refuse(ReceiveRing ring, String reason) {
        take(ring, reason);
    }

    private void take(ReceiveRing ring, String refusal) {
        V4vAddress connector = ring.source();
        ring.release(ring.position());
        synchronized (this) {
            ArrayDeque<Request> known = requests.get(connector.domain());
            if (known != null) {
                if (known.size() < V4vHypervisor.RINGS_PER_DOMAIN) { // nobody has more rings to be answered in
                    known.add(new Request(connector, refusal));
                }
                return;
            }
            ArrayDeque<Request> first = new ArrayDeque<>();
            first.add(new Request(connector, refusal));
            requests.put(connector.domain(), first);
        }
        threads.execute(() -> serve(connector.domain()));
    }

    private void serve(int domain) {
        for (Request request = next(domain); request != null; request = next(domain)) {
            V4vAddress connector = request.connector();
            try {
                if (request.refusal().isEmpty()) {
                    connect(connector);
                } else {
                    V4vConnections.refuse(hypervisor.withPatience(PATIENCE_NANOS), connector, request.refusal());
                }
            } catch (IOException e) {
                LOG.log(Level.WARNING, "{0} could not connect {1}: {2}", address, connector, e.getMessage());
                if (e instanceof ArgoException argo && isMute(argo)) {
                    forget(domain);
                }
            } catch (RuntimeException e) { // the next request must not find its domain without a thread
                LOG.log(Level.ERROR, address + " failed to answer " + connector, e);
            }
        }
    }

    private synchronized @Nullable Request next(int domain) {
        ArrayDeque<Request> waiting = requests.getOrDefault(domain, new ArrayDeque<>());
        if (waiting.isEmpty()) {
            requests.remove(domain);
        }
        return waiting.poll();
    }

    private synchronized void forget(int domain) {
        ArrayDeque<Request> waiting = requests.get(domain);
        if (waiting != null) {
            waiting.clear();
        }
    }

    /** Whether the domain as such does not answer, or is gone. */
    private static boolean isMute(ArgoException e) {
        return switch (e.error()) {
            case EAGAIN, ESRCH -> true;
            default -> false;
        };
    }

    private void connect(V4vAddress connector) throws IOException {
        V4vHypervisor patient = hypervisor.withPatience(PATIENCE_NANOS);
        int most = V4vConnections.mostConnectionsOfADomain();
        if (count(connector.domain()) >= most) {
            V4vConnections.refuse(
                    patient,
                    connector,
                    "domain " + connector.domain() + " has " + most
                            + " connections here, as many as one domain may have (-D"
                            + V4vConnections.CONNECTIONS_PROPERTY + ")");
            return;
        }
        V4vConnection connection = open(patient, connector);
        try {
            if (!backlog.enter()) {
                tell(connection, ConnectDescriptor.REFUSE, 0, "the listener is closing");
                connection.close();
                return;
            }
            try {
                tell(
                        connection,
                        ConnectDescriptor.ACCEPT,
                        connection.in().address().port(),
                        "");
            } catch (IOException | RuntimeException e) {
                backlog.leave();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
        synchronized (this) {
            connections
                    .computeIfAbsent(connector.domain(), _ -> new ArrayList<>())
                    .add(connection.in());
        }
        backlog.add(connection);
    }

    private static void tell(V4vConnection connection, int type, long port, String reason) throws IOException {
        V4vConnections.answer(connection.out(), type, ConnectDescriptor.encode(port, reason));
    }

    /** Both rings; the connector does not know yet. */
    private V4vConnection open(V4vHypervisor patient, V4vAddress connector) throws IOException {
        ReceiveRing in;
        try {
            in = V4vConnections.register(patient, connector.domain(), ringBytes);
        } catch (ArgoException e) {
            if (!isMute(e)) {
                V4vConnections.refuse(patient, connector, "no ring for the connection: " + e.getMessage());
            }
            throw e;
        }
        try {
            SendRing out = patient.attach(in.address().port(), connector);
            return new V4vConnection(in, out, address, connector);
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    /** How many connections a domain has: those whose rings are not gone. Only its own thread adds to them. */
    private synchronized int count(int domain) {
        List<ReceiveRing> rings = connections.getOrDefault(domain, new ArrayList<>());
        rings.removeIf(ring -> {
            boolean isThere = ring.hold();
            if (isThere) {
                ring.letGo();
            }
            return !isThere;
        });
        if (rings.isEmpty()) {
            connections.remove(domain);
        }
        return rings.size();
    }

    /** Takes no more requests; those taken are answered. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
