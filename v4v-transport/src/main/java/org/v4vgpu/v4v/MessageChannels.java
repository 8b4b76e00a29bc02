package org.v4vgpu.v4v;

import java.io.IOException;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.netty.NettyMessageChannels;
import org.v4vgpu.v4v.tcp.TcpListener;
import org.v4vgpu.v4v.tcp.TcpMessageChannel;

/** Opens channels and listeners by address. Safe for any thread. */
public final class MessageChannels {
    private static final long CONNECT_TIMEOUT_NANOS = 10_000_000_000L;

    private MessageChannels() {}

    /**
     * Connects to a listener, with ten seconds of patience.
     *
     * @throws IOException with one line that names the address, the cause and what to do, if nobody listens there, the peer
     *     speaks another protocol or version, or it does not answer in ten seconds
     */
    public static MessageChannel connect(ChannelAddress address) throws IOException {
        return connect(address, CONNECT_TIMEOUT_NANOS);
    }

    /** As {@link #connect(ChannelAddress)}, within {@code timeoutNanos}. */
    public static MessageChannel connect(ChannelAddress address, long timeoutNanos) throws IOException {
        boolean interrupted = Thread.interrupted(); // it would close what is being opened
        try {
            return switch (address) {
                case V4vAddress v4v -> V4vConnections.connect(LocalDomains.toConnect(), v4v, timeoutNanos);
                case TcpAddress tcp -> TcpMessageChannel.connect(tcp, timeoutNanos);
                case NettyAddress netty -> connectByNetty(netty, timeoutNanos);
            };
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Listens at an address.
     *
     * @throws IOException with one line that names the address and the cause
     */
    public static MessageListener listen(ChannelAddress address) throws IOException {
        return switch (address) {
            case V4vAddress v4v -> V4vListener.open(LocalDomains.toListen(v4v.domain()), v4v.port());
            case TcpAddress tcp -> TcpListener.open(tcp);
            case NettyAddress netty -> listenByNetty(netty);
        };
    }

    private static MessageChannel connectByNetty(NettyAddress address, long timeoutNanos) throws IOException {
        try {
            return NettyMessageChannels.connect(address, timeoutNanos);
        } catch (NoClassDefFoundError e) {
            throw withoutNetty(address, e);
        }
    }

    private static MessageListener listenByNetty(NettyAddress address) throws IOException {
        try {
            return NettyMessageChannels.listen(address);
        } catch (NoClassDefFoundError e) {
            throw withoutNetty(address, e);
        }
    }

    /** Netty is an optional dependency. */
    private static IOException withoutNetty(NettyAddress address, NoClassDefFoundError cause) {
        return new IOException(address + ": needs io.netty:netty-transport on the class path", cause);
    }
}
