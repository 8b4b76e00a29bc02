package org.v4vgpu.v4v.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.NettyAddress;
import org.v4vgpu.v4v.tcp.TcpMessageChannel;

/**
 * A listening channel of Netty's, whose loop the accepting thread runs. Safe for any thread; one accepts at a time.
 *
 * <p>Peers that have connected but not yet said what they speak have a thread each, so a silent one holds up nobody.
 */
final class NettyListener implements MessageListener {
    private static final Logger LOG = System.getLogger(NettyListener.class.getName());
    private static final int MOST_UNDECIDED = 256;
    private static final long PREAMBLE_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final NettyCarrier carrier;
    private final CallerEventLoop loop;
    private final ServerChannel server;
    private final NettyAddress address;

    // The loop's.
    private final ArrayDeque<MessageChannel> whole = new ArrayDeque<>();
    private int undecided;
    private boolean closed;

    /** Listens. */
    NettyListener(NettyAddress wanted) throws IOException {
        this.carrier = NettyCarrier.of(wanted);
        this.loop = carrier.newLoop();
        this.server = carrier.newServerChannel();
        SocketAddress local = NettyCarrier.socketAddress(wanted);
        server.pipeline().addLast(new Arrivals());
        try {
            finish(this::register);
            finish(() -> server.bind(local));
        } catch (IOException e) {
            close();
            String why = String.valueOf(e.getMessage());
            throw new IOException("cannot listen on " + wanted + ": " + why, e);
        }
        this.address = NettyCarrier.bound(wanted, server.localAddress());
    }

    @SuppressWarnings("deprecation") // what has replaced it takes a part of a channel that is not public
    private ChannelFuture register() {
        return loop.register(server);
    }

    private interface Start {
        ChannelFuture run();
    }

    private void finish(Start start) throws IOException {
        ChannelFuture future;
        loop.enter();
        try {
            future = start.run();
        } finally {
            loop.leave();
        }
        loop.await(future::isDone, Long.MAX_VALUE);
        if (!future.isSuccess()) {
            Throwable cause = future.cause();
            throw cause instanceof IOException e ? e : new IOException("Netty: " + cause, cause);
        }
    }

    @Override
    public ChannelAddress address() {
        return address;
    }

    @Override
    public MessageChannel accept() throws IOException {
        loop.await(() -> !whole.isEmpty() || closed || !server.isOpen(), Long.MAX_VALUE);
        loop.enter();
        try {
            MessageChannel channel = whole.poll();
            if (channel == null) {
                throw new IOException("no longer listening on " + address);
            }
            return channel;
        } finally {
            loop.leave();
        }
    }

    @Override
    public void close() {
        loop.enter();
        try {
            if (!closed) {
                closed = true;
                loop.end(); // closes what is registered
                if (server.isOpen()) {
                    server.unsafe().closeForcibly();
                }
                whole.forEach(MessageChannel::close);
                whole.clear();
            }
        } finally {
            loop.leave();
        }
    }

    /** What the listening channel hands out. Confined to the loop. */
    private final class Arrivals extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            Channel arrived = (Channel) message;
            if (undecided >= MOST_UNDECIDED) {
                LOG.log(Level.WARNING, "{0} refuses a peer: too many have not said what they speak", address);
                arrived.unsafe().closeForcibly();
                return;
            }
            undecided++;
            Thread.ofPlatform()
                    .daemon()
                    .name("greet-" + arrived.remoteAddress())
                    .start(() -> greet(arrived));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            LOG.log(Level.WARNING, "{0} could not accept: {1}", address, cause.getMessage());
        }
    }

    /** On a thread of the peer's own. */
    private void greet(Channel arrived) {
        String peer = carrier.nameOf(arrived.remoteAddress());
        MessageChannel channel = null;
        try {
            NettyByteStream stream = new NettyByteStream(carrier, arrived);
            channel = TcpMessageChannel.open(stream, peer, PREAMBLE_TIMEOUT_NANOS);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, "{0} refuses {1}: {2}", address, peer, e.getMessage());
        }
        decided(channel);
    }

    private void decided(@Nullable MessageChannel channel) {
        loop.enter();
        try {
            undecided--;
            if (channel != null && closed) {
                channel.close();
            } else if (channel != null) {
                whole.add(channel);
            }
        } finally {
            loop.leave();
        }
    }
}
