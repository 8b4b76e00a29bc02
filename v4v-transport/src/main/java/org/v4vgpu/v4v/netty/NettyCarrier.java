package org.v4vgpu.v4v.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.NettyAddress;
import org.v4vgpu.v4v.TcpAddress;
import org.v4vgpu.v4v.V4vAddress;

/** The Netty channels that carry messages: V4V's, and those of sockets. Stateless, safe for any thread. */
enum NettyCarrier {
    V4V,
    TCP;

    static NettyCarrier of(NettyAddress address) {
        return address.carried() instanceof V4vAddress ? V4V : TCP;
    }

    CallerEventLoop newLoop() {
        return new CallerEventLoop(
                switch (this) {
                    case V4V -> V4vIoHandler.newFactory();
                    case TCP -> NioIoHandler.newFactory();
                });
    }

    Channel newChannel() {
        return switch (this) {
            case V4V -> new V4vChannel();
            case TCP -> new NioSocketChannel();
        };
    }

    ServerChannel newServerChannel() {
        return switch (this) {
            case V4V -> new V4vServerChannel();
            case TCP -> new NioServerSocketChannel();
        };
    }

    /** Beside what all have. */
    void configure(ChannelConfig config) {
        if (this == TCP) {
            config.setOption(ChannelOption.TCP_NODELAY, true);
        }
    }

    /** What Netty is to connect to or bind. */
    static SocketAddress socketAddress(NettyAddress address) throws IOException {
        return switch (address.carried()) {
            case V4vAddress v4v -> v4v;
            case TcpAddress tcp -> resolved(tcp, address);
            case NettyAddress nested -> throw new IllegalArgumentException(nested.toString());
        };
    }

    private static InetSocketAddress resolved(TcpAddress tcp, NettyAddress address) throws IOException {
        InetSocketAddress resolved = new InetSocketAddress(tcp.host(), tcp.port());
        if (resolved.isUnresolved()) {
            throw new IOException(address + ": unknown host " + tcp.host());
        }
        return resolved;
    }

    /** An address as bound: a port of 0 has become the real one. */
    static NettyAddress bound(NettyAddress wanted, SocketAddress local) {
        ChannelAddress carried = wanted.carried();
        return new NettyAddress(
                carried instanceof TcpAddress tcp && local instanceof InetSocketAddress inet
                        ? new TcpAddress(tcp.host(), inet.getPort())
                        : carried);
    }

    /** A peer, for people. */
    String nameOf(@Nullable SocketAddress peer) {
        return switch (this) {
            case V4V -> String.valueOf(peer).replaceFirst("^v4v:", "v4v+netty:");
            case TCP -> "tcp+netty:/" + peer;
        };
    }
}
