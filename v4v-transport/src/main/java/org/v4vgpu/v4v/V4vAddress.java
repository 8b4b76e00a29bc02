package org.v4vgpu.v4v;

import java.net.SocketAddress;

/**
 * A port in a domain. Immutable.
 *
 * <p>Source: {@code xen_argo_addr} in Xen's argo.h: a 32-bit port and a 16-bit domain id.
 */
public final class V4vAddress extends SocketAddress implements ChannelAddress {
    /** No particular domain: as partner of a ring, anybody. DOMID_INVALID in Xen. */
    public static final int DOMAIN_ANY = 0x7FF4;

    private final int domain;
    private final long port;

    public V4vAddress(int domain, long port) {
        if (domain < 0 || domain > DOMAIN_ANY) {
            throw new IllegalArgumentException("domain " + domain + " is outside 0 to " + DOMAIN_ANY);
        }
        if (port < 0 || port > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("port " + port + " is outside 0 to 4294967295");
        }
        this.domain = domain;
        this.port = port;
    }

    static V4vAddress parse(String text) {
        int colon = text.indexOf(':');
        try {
            return new V4vAddress(
                    Integer.parseInt(text.substring(0, colon)), Long.parseLong(text.substring(colon + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IllegalArgumentException(
                    "not a V4V address: 'v4v://" + text + "'; use v4v://<domain>:<port>, both numbers", e);
        }
    }

    public int domain() {
        return domain;
    }

    public long port() {
        return port;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof V4vAddress that && domain == that.domain && port == that.port;
    }

    @Override
    public int hashCode() {
        return 31 * domain + Long.hashCode(port);
    }

    @Override
    public String toString() {
        return "v4v://" + domain + ":" + port;
    }
}
