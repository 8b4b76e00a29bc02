package org.v4vgpu.v4v.socket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import org.v4vgpu.v4v.V4vAddress;

/**
 * What a host of {@code java.net} means as a domain: a number {@code N} is domain N, and so is the IPv4 address 0.0.(N / 256).(N % 256),
 * which is how {@code java.net} itself reads a lone number; {@code localhost} and the loopback addresses are the process's own
 * domain. No other host is a domain, and no name service is asked. Stateless, safe for any thread.
 */
final class DomainNames {
    /** The process's own domain, whichever that is. */
    static final int OWN = -1;

    private DomainNames() {}

    /** The address to connect to. */
    static V4vSocketAddress parse(String host, int port, int ownDomain) throws UnknownHostException {
        return new V4vSocketAddress(new V4vAddress(domain(host, ownDomain), port));
    }

    private static int domain(String host, int ownDomain) throws UnknownHostException {
        if (host.isEmpty() || host.equalsIgnoreCase("localhost")) {
            return ownDomain;
        }
        try {
            if (host.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return checked(Integer.parseInt(host), host);
            }
            int domain = domain(InetAddress.ofLiteral(host));
            return domain == OWN ? ownDomain : domain;
        } catch (IllegalArgumentException e) {
            UnknownHostException unknown = unknown(host);
            unknown.initCause(e);
            throw unknown;
        }
    }

    /** The domain, or {@link #OWN}. */
    static int domain(InetAddress host) throws UnknownHostException {
        if (host.isLoopbackAddress()) {
            return OWN;
        }
        byte[] bytes = host.getAddress();
        if (bytes.length != 4 || bytes[0] != 0 || bytes[1] != 0) {
            throw unknown(host.getHostAddress());
        }
        return checked(((bytes[2] & 0xFF) << 8) | (bytes[3] & 0xFF), host.getHostAddress());
    }

    private static int checked(int domain, String host) throws UnknownHostException {
        if (domain >= V4vAddress.DOMAIN_ANY) {
            throw unknown(host);
        }
        return domain;
    }

    private static UnknownHostException unknown(String host) {
        return new UnknownHostException(
                host + " is no V4V domain; use a domain's number below " + V4vAddress.DOMAIN_ANY + ", or localhost");
    }

    /** The port of an address, whatever host it names. */
    static long port(SocketAddress address) {
        return switch (address) {
            case V4vAddress v4v -> v4v.port();
            case V4vSocketAddress socket -> socket.v4vAddress().port();
            case InetSocketAddress inet -> inet.getPort();
            default -> throw new IllegalArgumentException("Unsupported address type");
        };
    }

    /** What a socket address means, in a process that is that domain. */
    static V4vAddress address(SocketAddress address, int ownDomain) throws UnknownHostException {
        return switch (address) {
            case V4vAddress v4v -> v4v;
            case V4vSocketAddress socket -> socket.v4vAddress();
            case InetSocketAddress inet
            when inet.isUnresolved() -> new V4vAddress(domain(inet.getHostString(), ownDomain), inet.getPort());
            case InetSocketAddress inet -> {
                int domain = domain(inet.getAddress());
                yield new V4vAddress(domain == OWN ? ownDomain : domain, inet.getPort());
            }
            default -> throw new IllegalArgumentException("Unsupported address type");
        };
    }

    /** The IPv4 address that stands for a domain; its host name is the domain's number. */
    static InetAddress inetAddress(int domain) {
        byte[] bytes = {0, 0, (byte) (domain >> 8), (byte) domain};
        try {
            return InetAddress.getByAddress(Integer.toString(domain), bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    /** The port as {@code java.net} can say it: the low 16 bits. */
    static int inetPort(long port) {
        return (int) (port & 0xFFFF);
    }
}
