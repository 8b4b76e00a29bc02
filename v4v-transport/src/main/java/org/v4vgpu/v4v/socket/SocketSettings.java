package org.v4vgpu.v4v.socket;

import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;
import java.util.Map;
import java.util.Set;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnections;

/**
 * What was set on a socket. Safe for any thread.
 *
 * <p>Of meaning over V4V: SO_TIMEOUT; SO_LINGER of 0 (a close is a reset; there is nothing to wait for with more, for what was written is
 * in the peer's memory already); and SO_RCVBUF before the socket is connected or bound (the ring's length). The
 * others are remembered and change nothing: V4V never delays bytes (TCP_NODELAY, true unless set), always notices a dead peer
 * (SO_KEEPALIVE), has no waiting time for ports (SO_REUSEADDR), no types of service (IP_TOS) and no urgent data
 * (SO_OOBINLINE). SO_SNDBUF is a wish: the peer chooses its ring. SO_REUSEPORT is not supported.
 */
final class SocketSettings {
    private static final int SMALLEST_RING_BYTES = 4096;
    private static final Map<SocketOption<?>, Integer> NUMBERS = Map.of(
            StandardSocketOptions.SO_RCVBUF, SocketOptions.SO_RCVBUF,
            StandardSocketOptions.SO_SNDBUF, SocketOptions.SO_SNDBUF,
            StandardSocketOptions.SO_KEEPALIVE, SocketOptions.SO_KEEPALIVE,
            StandardSocketOptions.SO_REUSEADDR, SocketOptions.SO_REUSEADDR,
            StandardSocketOptions.SO_LINGER, SocketOptions.SO_LINGER,
            StandardSocketOptions.TCP_NODELAY, SocketOptions.TCP_NODELAY,
            StandardSocketOptions.IP_TOS, SocketOptions.IP_TOS);

    private volatile int timeoutMillis;
    private volatile int lingerSeconds = -1;
    private volatile int receiveBytes = V4vConnections.ordinaryRingBytes();
    private volatile int sendBytes = V4vConnections.ordinaryRingBytes();
    private volatile int trafficClass;
    private volatile boolean isUndelayed = true;
    private volatile boolean isKeptAlive;
    private volatile boolean isReused;
    private volatile boolean takesUrgent;

    static Set<SocketOption<?>> options() {
        return NUMBERS.keySet();
    }

    static Set<SocketOption<?>> listenerOptions() {
        return Set.of(StandardSocketOptions.SO_RCVBUF, StandardSocketOptions.SO_REUSEADDR);
    }

    /** As {@link #number(SocketOption)}, of those that a listening socket has. */
    static int listenerNumber(SocketOption<?> option) {
        if (!listenerOptions().contains(option)) {
            throw new UnsupportedOperationException("'" + option + "' not supported by a listening socket over V4V");
        }
        return number(option);
    }

    /** The option's number in {@link SocketOptions}. */
    static int number(SocketOption<?> option) {
        Integer number = NUMBERS.get(option);
        if (number == null) {
            throw new UnsupportedOperationException("'" + option + "' not supported over V4V");
        }
        return number;
    }

    /** Milliseconds, 0 for ever. */
    int timeoutMillis() {
        return timeoutMillis;
    }

    /** Seconds, negative where none is set. */
    int lingerSeconds() {
        return lingerSeconds;
    }

    /** The length of the ring that SO_RCVBUF asks for. */
    int ringBytes() {
        return Math.clamp(receiveBytes, SMALLEST_RING_BYTES, V4vHypervisor.MAXIMUM_RING_BYTES)
                & -V4vHypervisor.SLOT_BYTES;
    }

    void set(int option, Object value) throws SocketException {
        switch (option) {
            case SocketOptions.SO_TIMEOUT -> timeoutMillis = number(value, 0, "SO_TIMEOUT");
            case SocketOptions.SO_LINGER ->
                lingerSeconds = Boolean.FALSE.equals(value) ? -1 : number(value, -1, "SO_LINGER");
            case SocketOptions.SO_RCVBUF -> receiveBytes = number(value, 1, "SO_RCVBUF");
            case SocketOptions.SO_SNDBUF -> sendBytes = number(value, 1, "SO_SNDBUF");
            case SocketOptions.IP_TOS -> trafficClass = number(value, 0, "IP_TOS");
            case SocketOptions.TCP_NODELAY -> isUndelayed = flag(value, "TCP_NODELAY");
            case SocketOptions.SO_KEEPALIVE -> isKeptAlive = flag(value, "SO_KEEPALIVE");
            case SocketOptions.SO_REUSEADDR -> isReused = flag(value, "SO_REUSEADDR");
            case SocketOptions.SO_OOBINLINE -> takesUrgent = flag(value, "SO_OOBINLINE");
            default -> throw unsupported(option);
        }
    }

    Object value(int option) throws SocketException {
        return switch (option) {
            case SocketOptions.SO_TIMEOUT -> timeoutMillis;
            case SocketOptions.SO_LINGER -> linger();
            case SocketOptions.SO_RCVBUF -> ringBytes();
            case SocketOptions.SO_SNDBUF -> sendBytes;
            case SocketOptions.IP_TOS -> trafficClass;
            case SocketOptions.TCP_NODELAY -> isUndelayed;
            case SocketOptions.SO_KEEPALIVE -> isKeptAlive;
            case SocketOptions.SO_REUSEADDR -> isReused;
            case SocketOptions.SO_OOBINLINE -> takesUrgent;
            default -> throw unsupported(option);
        };
    }

    /** As {@link java.net.SocketImpl} wants it: false, or the seconds. */
    private Object linger() {
        int seconds = lingerSeconds;
        if (seconds < 0) {
            return false;
        }
        return seconds;
    }

    private static SocketException unsupported(int option) {
        String name = option == SocketOptions.SO_REUSEPORT ? "SO_REUSEPORT" : "option " + option;
        return new SocketException(name + " not supported over V4V");
    }

    private static int number(Object value, int least, String name) throws SocketException {
        if (value instanceof Integer number && number >= least) {
            return number;
        }
        throw new SocketException("Bad value for " + name + ": " + value);
    }

    private static boolean flag(Object value, String name) throws SocketException {
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw new SocketException("Bad value for " + name + ": " + value);
    }
}
