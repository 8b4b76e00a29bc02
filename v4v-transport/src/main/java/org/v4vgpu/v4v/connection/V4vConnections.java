package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * Opens connections. Safe for any thread.
 *
 * <p>A connector registers a ring for the listener's domain alone and sends a request into the listening ring. The listener's side
 * registers a ring for the connector's domain alone and answers into the connector's ring. From then on each side writes the
 * other's ring.
 */
public final class V4vConnections {
    /** System property: the bytes of a connection's ring, a multiple of 16 from 131072 to 16777152. */
    public static final String RING_PROPERTY = "v4vgpu.ring.bytes";

    /**
     * System property: the most connections that one domain may have to a listener. Unless it is set one domain may take all that the
     * listener's rings allow.
     */
    public static final String CONNECTIONS_PROPERTY = "v4vgpu.connections.per.domain";

    /** Ports below are for listeners. */
    private static final long FIRST_CONNECTION_PORT = 0x8000_0000L;

    private static final long LAST_CONNECTION_PORT = 0xEFFF_FFFFL;
    private static final int SMALLEST_RING_BYTES = 128 * 1024;
    private static final int RING_BYTES = ringBytes();
    private static final long BUSY_PAUSE_NANOS = 1_000_000;

    private V4vConnections() {}

    static int mostConnectionsOfADomain() {
        return Math.max(1, Integer.getInteger(CONNECTIONS_PROPERTY, Integer.MAX_VALUE));
    }

    private static int ringBytes() {
        int bytes = Integer.getInteger(RING_PROPERTY, 1 << 20);
        return Math.clamp(bytes, SMALLEST_RING_BYTES, V4vHypervisor.MAXIMUM_RING_BYTES) & -V4vHypervisor.SLOT_BYTES;
    }

    /** Connects with rings of the ordinary length. */
    public static MessageChannel connect(V4vHypervisor hypervisor, V4vAddress address, long timeoutNanos)
            throws IOException {
        return connect(hypervisor, address, timeoutNanos, RING_BYTES);
    }

    /**
     * Connects to a listener.
     *
     * @param timeoutNanos for everything together
     * @param ringBytes of the ring for what the listener's side sends
     * @throws IOException one line that says who did not answer, and what to do
     */
    public static MessageChannel connect(V4vHypervisor hypervisor, V4vAddress address, long timeoutNanos, int ringBytes)
            throws IOException {
        V4vConnection connection = open(hypervisor, address, timeoutNanos, ringBytes, ring -> {});
        return new V4vMessageChannel(
                connection.in(),
                connection.out(),
                address.toString(),
                DomainWindows.with(hypervisor, address.domain()));
    }

    /**
     * Connects to a listener, for whoever puts something other than messages on the rings.
     *
     * @param registered gets the new ring before anything is asked of the listener; closing it ends the attempt
     * @throws ConnectException if nobody listens there, or the listener refused
     * @throws SocketTimeoutException if there was no answer in time
     * @throws IOException as {@link #connect}
     */
    public static V4vConnection open(
            V4vHypervisor hypervisor,
            V4vAddress address,
            long timeoutNanos,
            int ringBytes,
            Consumer<ReceiveRing> registered)
            throws IOException {
        long start = System.nanoTime();
        ReceiveRing in = null;
        try {
            in = register(hypervisor.withPatience(timeoutNanos), address.domain(), ringBytes);
            registered.accept(in);
            request(hypervisor, in.address(), address, left(start, timeoutNanos));
            SendRing out = answer(hypervisor, in, address, start, timeoutNanos);
            V4vConnection connection = new V4vConnection(in, out, in.address(), address);
            in = null;
            return connection;
        } catch (ArgoException e) {
            throw failure(hypervisor, address, e);
        } finally {
            if (in != null) {
                in.close();
            }
        }
    }

    private static long left(long start, long timeoutNanos) {
        return Math.max(0, timeoutNanos - (System.nanoTime() - start));
    }

    static ReceiveRing register(V4vHypervisor hypervisor, int partner, int ringBytes) throws ArgoException {
        while (true) {
            long port = ThreadLocalRandom.current().nextLong(FIRST_CONNECTION_PORT, LAST_CONNECTION_PORT + 1);
            try {
                return hypervisor.register(port, partner, ringBytes);
            } catch (ArgoException e) {
                if (e.error() != ArgoError.EEXIST) {
                    throw e;
                }
            }
        }
    }

    /** The length of a connection's ring where nobody asks for another: see {@link #RING_PROPERTY}. */
    public static int ordinaryRingBytes() {
        return RING_BYTES;
    }

    private static void request(V4vHypervisor hypervisor, V4vAddress source, V4vAddress address, long timeoutNanos)
            throws IOException {
        List<MemorySegment> request = List.of(ConnectDescriptor.encode(source.port(), ""));
        long start = System.nanoTime();
        while (true) {
            V4vHypervisor patient = hypervisor.withPatience(left(start, timeoutNanos));
            try {
                patient.sendv(source, address, ConnectDescriptor.REQUEST, request);
                return;
            } catch (ArgoException e) {
                if (!isPassing(e)
                        || left(start, timeoutNanos) == 0
                        || !awaitSpace(patient, address, left(start, timeoutNanos), e)) {
                    throw e;
                }
            }
        }
    }

    /** EBUSY: too many others wait for the same space, so that only asking again is left. */
    private static boolean isPassing(ArgoException e) {
        return e.error() == ArgoError.EAGAIN || e.error() == ArgoError.EBUSY;
    }

    private static boolean awaitSpace(V4vHypervisor hypervisor, V4vAddress address, long leftNanos, ArgoException why)
            throws ArgoException {
        try {
            if (why.error() != ArgoError.EBUSY) {
                return hypervisor.awaitSpace(address, ConnectDescriptor.BYTES, leftNanos);
            }
        } catch (ArgoException e) {
            if (e.error() != ArgoError.EBUSY) {
                throw e;
            }
        }
        IdleStrategy.pause(Math.min(leftNanos, BUSY_PAUSE_NANOS));
        return true;
    }

    private static SendRing answer(
            V4vHypervisor hypervisor, ReceiveRing in, V4vAddress address, long start, long timeoutNanos)
            throws IOException {
        if (!in.next() && !(in.await(left(start, timeoutNanos)) && in.next())) {
            if (in.isPartnerAlive()) {
                throw new SocketTimeoutException(
                        address + ": no answer in " + timeoutNanos / 1_000_000 + " ms; is the server overloaded?");
            }
            throw new ConnectException(address + ": the domain died while connecting");
        }
        MemorySegment message = copy(in);
        in.release(in.position());
        String foreignness = ConnectDescriptor.foreignness(message);
        if (!foreignness.isEmpty()) {
            throw new IOException(address + " " + foreignness);
        }
        return switch (in.messageType()) {
            case ConnectDescriptor.ACCEPT ->
                attach(
                        hypervisor.withPatience(left(start, timeoutNanos)),
                        in,
                        new V4vAddress(address.domain(), ConnectDescriptor.port(message)));
            case ConnectDescriptor.REFUSE ->
                throw new ConnectException(address + " refused the connection: " + ConnectDescriptor.reason(message));
            default -> throw new IOException(address + " does not speak the v4vgpu message protocol");
        };
    }

    private static SendRing attach(V4vHypervisor hypervisor, ReceiveRing in, V4vAddress ring) throws ArgoException {
        try {
            return hypervisor.attach(in.address().port(), ring);
        } catch (ArgoException e) {
            if (e.error() == ArgoError.ECONNREFUSED || e.error() == ArgoError.ESRCH) {
                return new VanishedSendRing(ring, in.lengthBytes(), e);
            }
            throw e;
        }
    }

    /** A private copy of the current message, as much of it as a message of this protocol can have. */
    static MemorySegment copy(ReceiveRing ring) {
        int bytes = Math.min(ring.messageBytes(), ConnectDescriptor.BYTES + ConnectDescriptor.MAXIMUM_REASON_BYTES);
        MemorySegment copy = MemorySegment.ofArray(new byte[bytes]);
        ring.copy(0, copy, 0, bytes);
        return copy.asReadOnly();
    }

    private static IOException failure(V4vHypervisor hypervisor, V4vAddress address, ArgoException e) {
        String message = explain(hypervisor, address, e);
        IOException failure = switch (e.error()) {
            case ESRCH, ECONNREFUSED -> new ConnectException(message);
            case EAGAIN, EBUSY -> new SocketTimeoutException(message);
            default -> new IOException(message);
        };
        failure.initCause(e);
        return failure;
    }

    private static String explain(V4vHypervisor hypervisor, V4vAddress address, ArgoException e) {
        return switch (e.error()) {
            case ESRCH ->
                address + ": no such domain in " + hypervisor.place() + "; start a server with gpu-server/run";
            case ECONNREFUSED ->
                address + ": nobody listens on port " + address.port() + " of domain " + address.domain() + " in "
                        + hypervisor.place();
            case ENOSPC -> address + ": this process has no ring left: " + e.getMessage();
            case EAGAIN, EBUSY -> address + ": the server does not take connections fast enough: " + e.getMessage();
            default -> address + ": " + e.getMessage();
        };
    }

    /** Tells a connector why not; it may have gone already. */
    static void refuse(V4vHypervisor hypervisor, V4vAddress connector, String reason) throws IOException {
        try (var out = hypervisor.attach(0, connector)) {
            answer(out, ConnectDescriptor.REFUSE, ConnectDescriptor.encode(0, reason));
        }
    }

    static void answer(SendRing out, int type, MemorySegment message) throws IOException {
        int bytes = Math.toIntExact(message.byteSize());
        if (!out.claim(bytes)) {
            throw new IOException("no space for an answer in the new ring of " + out.address());
        }
        out.put(0, message, 0, bytes);
        out.commit(type);
    }
}
