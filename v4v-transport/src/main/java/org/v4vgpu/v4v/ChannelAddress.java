package org.v4vgpu.v4v;

/**
 * Where a channel leads: {@code v4v://<domain>:<port>} or {@code tcp://host:port}, or one of these by way of Netty ({@link
 * NettyAddress}). {@link #toString()} gives that form back.
 *
 * {@snippet :
 *   MessageChannel channel = MessageChannels.connect(ChannelAddress.parse("v4v://1:4840"));
 * }
 */
public sealed interface ChannelAddress permits V4vAddress, TcpAddress, NettyAddress {
    /**
     * Parses an address.
     *
     * @throws IllegalArgumentException with one line that says what is wrong and what the forms are
     */
    static ChannelAddress parse(String text) {
        if (text.startsWith("v4v://")) {
            return V4vAddress.parse(text.substring("v4v://".length()));
        }
        if (text.startsWith("tcp://")) {
            return TcpAddress.parse(text.substring("tcp://".length()));
        }
        if (text.startsWith(NettyAddress.V4V_SCHEME)) {
            return new NettyAddress(V4vAddress.parse(text.substring(NettyAddress.V4V_SCHEME.length())));
        }
        if (text.startsWith(NettyAddress.TCP_SCHEME)) {
            return new NettyAddress(TcpAddress.parse(text.substring(NettyAddress.TCP_SCHEME.length())));
        }
        if (text.startsWith("tcps://")) {
            throw new IllegalArgumentException("TLS is not supported yet: " + text + "; use tcp://host:port");
        }
        throw new IllegalArgumentException(
                "not an address: '" + text + "'; use v4v://<domain>:<port> or tcp://<host>:<port>");
    }
}
