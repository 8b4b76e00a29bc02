package org.v4vgpu.v4v;

/**
 * An address that is reached by way of Netty: {@code v4v+netty://<domain>:<port>} or {@code tcp+netty://host:port}. Immutable.
 *
 * <p>For measuring what a stack costs: the messages are the same, each passes through a Netty channel more. Both sides of {@code
 * v4v+netty} must use it, for it carries a stream of bytes; {@code tcp+netty} and {@code tcp} understand each other.
 *
 * @param carried where the channel leads; no further {@code NettyAddress}
 */
public record NettyAddress(ChannelAddress carried) implements ChannelAddress {
    static final String V4V_SCHEME = "v4v+netty://";
    static final String TCP_SCHEME = "tcp+netty://";

    public NettyAddress {
        if (carried instanceof NettyAddress) {
            throw new IllegalArgumentException(carried + " is reached by way of Netty already");
        }
    }

    @Override
    public String toString() {
        return carried.toString().replaceFirst("://", "+netty://");
    }
}
