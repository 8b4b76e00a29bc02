package org.v4vgpu.bench.link;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.V4vAddress;

/** What carries bare messages between two processes, by its name in results. Safe for any thread; links are not. */
public enum Transport {
    V4V(
            "v4v",
            "this project's channel over V4V on shared memory: a ring per direction, waits spin for at most 400 us, then sleep on a"
                    + " futex"),
    V4V_NETTY(
            "v4v-netty",
            "Netty over V4V on shared memory: V4vChannel on a ManualIoEventLoop driven by the calling thread, waits spin for at"
                    + " most 400 us"),
    TCP_CHANNEL(
            "tcp-channel",
            "this project's channel over TCP on loopback: non-blocking sockets driven by the calling thread, waits spin for at"
                    + " most 400 us"),
    TCP_NETTY(
            "tcp-netty",
            "Netty over TCP on loopback: NioSocketChannel on a ManualIoEventLoop driven by the calling thread, waits spin for at"
                    + " most 400 us"),
    TCP(
            "tcp",
            "blocking java.nio sockets over TCP on loopback: TCP_NODELAY, native memory, gathering writes, scattering reads"),
    TCP_BRIDGE(
            "tcp-bridge",
            "the same blocking sockets, each end in a network namespace of its own, through veth pairs and a bridge in a third"
                    + " namespace: the way of Xen's split driver through its driver domain, without the domains"),
    UDS("uds", "the same blocking sockets over a Unix-domain stream socket"),
    AERON(
            "aeron",
            "Aeron IPC, an exclusive publication per direction with terms of 16 MiB and the largest fragments; both ends poll"
                    + " with back-off to 100 us; the media driver runs in the peer process on one thread that backs off to 1 ms");

    private final String label;
    private final String method;

    Transport(String label, String method) {
        this.label = label;
        this.method = method;
    }

    /** The name in results and on command lines. */
    public String label() {
        return label;
    }

    /** How it is measured, for the report. */
    public String method() {
        return method;
    }

    /** Whether the peer runs in the namespace beyond the bridge, and the connecting thread must be on the near side. */
    public boolean isBridged() {
        return this == TCP_BRIDGE;
    }

    static Transport of(String label) {
        for (Transport transport : values()) {
            if (transport.label.equals(label)) {
                return transport;
            }
        }
        throw new IllegalArgumentException("no transport is called " + label);
    }

    /** Connects to what a peer has printed. The link is confined to the calling thread. */
    public Link connect(String address) throws IOException {
        return switch (this) {
            case V4V, TCP_CHANNEL -> new ChannelLink(MessageChannels.connect(ChannelAddress.parse(address)));
            case V4V_NETTY -> NettyLink.connect(NettyLink.Carrier.V4V, (V4vAddress) ChannelAddress.parse(address));
            case TCP_NETTY -> NettyLink.connect(NettyLink.Carrier.TCP, socketAddress(address));
            case TCP, TCP_BRIDGE, UDS -> SocketLink.connect(socketAddress(address));
            case AERON -> AeronLink.connect(Path.of(URI.create(address).getPath()));
        };
    }

    /**
     * Listens, tells the address, and accepts one link, which is confined to the calling thread.
     *
     * @param where what to listen at: a domain, an IP address or a directory
     * @param pair distinguishes listeners of one process, from 0
     */
    Link accept(String where, int pair, Consumer<String> listening) throws IOException {
        return switch (this) {
            case V4V -> acceptChannel("v4v://" + where + ":" + (pair + 1), listening);
            case TCP_CHANNEL -> acceptChannel("tcp://" + where + ":0", listening);
            case V4V_NETTY ->
                NettyLink.accept(
                        NettyLink.Carrier.V4V,
                        new V4vAddress(Integer.parseInt(where), pair + 1),
                        address -> listening.accept(address.toString()));
            case TCP_NETTY ->
                NettyLink.accept(
                        NettyLink.Carrier.TCP,
                        new InetSocketAddress(InetAddress.getByName(where), 0),
                        address -> listening.accept("tcp://" + where + ":" + ((InetSocketAddress) address).getPort()));
            case TCP, TCP_BRIDGE -> acceptSocket(where, listening);
            case UDS -> acceptUnixSocket(Path.of(where, "pair-" + pair), listening);
            case AERON -> AeronLink.accept(Path.of(where), directory -> listening.accept("aeron://" + directory));
        };
    }

    private static Link acceptChannel(String address, Consumer<String> listening) throws IOException {
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address))) {
            listening.accept(listener.address().toString());
            return new ChannelLink(listener.accept());
        }
    }

    private static Link acceptSocket(String host, Consumer<String> listening) throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
            listening.accept("tcp://" + host + ":" + listener.socket().getLocalPort());
            return new SocketLink(listener.accept());
        }
    }

    private static Link acceptUnixSocket(Path file, Consumer<String> listening) throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(file));
            listening.accept("unix://" + file);
            return new SocketLink(listener.accept());
        }
    }

    private static SocketAddress socketAddress(String address) {
        URI uri = URI.create(address);
        return "unix".equals(uri.getScheme())
                ? UnixDomainSocketAddress.of(uri.getPath())
                : new InetSocketAddress(uri.getHost(), uri.getPort());
    }
}
