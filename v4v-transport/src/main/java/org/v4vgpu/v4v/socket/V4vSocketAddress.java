package org.v4vgpu.v4v.socket;

import java.net.InetSocketAddress;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A V4V address for code that wants an {@link InetSocketAddress}. Immutable.
 *
 * <p>Domain N has the IPv4 address 0.0.(N / 256).(N % 256) and the host name N; the port is that of V4V where it fits into 16 bits, as
 * those of listeners should, else its low 16 bits. {@link #v4vAddress} is exact; {@code equals} is that of the superclass.
 */
public final class V4vSocketAddress extends InetSocketAddress {
    private static final long serialVersionUID = 1L;

    private final V4vAddress address;

    public V4vSocketAddress(V4vAddress address) {
        super(DomainNames.inetAddress(address.domain()), DomainNames.inetPort(address.port()));
        this.address = address;
    }

    public V4vAddress v4vAddress() {
        return address;
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
