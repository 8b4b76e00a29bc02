package org.v4vgpu.v4v.netty;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.NettyAddress;
import org.v4vgpu.v4v.tcp.TcpMessageChannel;

/**
 * Message channels over channels of Netty, V4V's and those of sockets: to measure what a stack costs, everything above and below being the
 * same. Safe for any thread.
 *
 * <p>The calling thread runs the channel's event loop ({@link CallerEventLoop}); there is no other. The bytes are those of {@link
 * org.v4vgpu.v4v.tcp}. One difference to other channels: an interrupt that comes while a thread waits on a socket is forgotten by
 * Netty.
 */
public final class NettyMessageChannels {
    private NettyMessageChannels() {}

    /**
     * Connects and exchanges preambles.
     *
     * @throws IOException with one line that names the address and the cause
     */
    public static MessageChannel connect(NettyAddress address, long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        NettyCarrier carrier = NettyCarrier.of(address);
        SocketAddress remote = NettyCarrier.socketAddress(address);
        NettyByteStream stream = new NettyByteStream(carrier, carrier.newChannel());
        try {
            stream.connect(remote, timeoutNanos);
        } catch (SocketException e) {
            stream.close();
            throw new IOException(address + ": " + e.getMessage() + "; is a server running there (gpu-server/run)?", e);
        } catch (IOException | RuntimeException e) {
            stream.close();
            throw e;
        }
        return TcpMessageChannel.open(stream, address.toString(), timeoutNanos - (System.nanoTime() - start));
    }

    /**
     * Listens.
     *
     * @throws IOException with one line that names the address and the cause
     */
    public static MessageListener listen(NettyAddress address) throws IOException {
        return new NettyListener(address);
    }
}
