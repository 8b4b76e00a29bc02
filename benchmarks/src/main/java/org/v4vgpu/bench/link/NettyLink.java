package org.v4vgpu.bench.link;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.netty.V4vChannel;
import org.v4vgpu.v4v.netty.V4vIoHandler;
import org.v4vgpu.v4v.netty.V4vServerChannel;

/**
 * A link by Netty, over TCP or over V4V, with no hand-over between threads: the calling thread drives a {@link ManualIoEventLoop} of its own.
 * TCP_NODELAY, native memory, header and message in one gathering write, and a bounded spin before a blocking wait, as the TCP
 * channel has it.
 */
// Futures: what fails ends the channel, and the next wait says so. The scheduler: yielding is what is measured.
@SuppressWarnings({"FutureReturnValueIgnored", "ThreadPriorityCheck"})
final class NettyLink implements Link {
    private static final long SPIN_NANOS = 400_000;
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What one read takes at most; larger than a socket's usual share of a large message. */
    private static final int READ_BYTES = 1 << 20;

    /** What carries the bytes: Netty's sockets, or V4V. */
    enum Carrier {
        TCP(NioSocketChannel.class, NioServerSocketChannel.class),
        V4V(V4vChannel.class, V4vServerChannel.class);

        private final Class<? extends Channel> channel;
        private final Class<? extends ServerChannel> serverChannel;

        Carrier(Class<? extends Channel> channel, Class<? extends ServerChannel> serverChannel) {
            this.channel = channel;
            this.serverChannel = serverChannel;
        }

        private ManualIoEventLoop loop() {
            return new ManualIoEventLoop(
                    Thread.currentThread(),
                    switch (this) {
                        case TCP -> NioIoHandler.newFactory();
                        case V4V -> V4vIoHandler.newFactory();
                    });
        }

        private Map<ChannelOption<?>, Object> options() {
            AdaptiveRecvByteBufAllocator allocator = new AdaptiveRecvByteBufAllocator(64, 65_536, READ_BYTES);
            return switch (this) {
                case TCP -> Map.of(ChannelOption.TCP_NODELAY, true, ChannelOption.RECVBUF_ALLOCATOR, allocator);
                case V4V -> Map.of(ChannelOption.RECVBUF_ALLOCATOR, allocator);
            };
        }
    }

    private final ManualIoEventLoop loop;
    private final Channel channel;
    private final Inbox inbox;
    private final MemorySegment header = Arena.ofAuto().allocate(Command.ENCODED_BYTES, 8);

    private NettyLink(ManualIoEventLoop loop, Channel channel, Inbox inbox) {
        this.loop = loop;
        this.channel = channel;
        this.inbox = inbox;
    }

    static NettyLink connect(Carrier carrier, SocketAddress address) throws IOException {
        ManualIoEventLoop loop = carrier.loop();
        Inbox inbox = new Inbox();
        Bootstrap bootstrap =
                new Bootstrap().group(loop).channel(carrier.channel).handler(inbox);
        carrier.options().forEach((option, value) -> set(bootstrap, option, value));
        ChannelFuture connected = bootstrap.connect(address);
        finish(loop, connected);
        return new NettyLink(loop, connected.channel(), inbox);
    }

    @SuppressWarnings("unchecked") // Carrier.options: each value is of its option's type
    private static <T> void set(Bootstrap bootstrap, ChannelOption<T> option, Object value) {
        bootstrap.option(option, (T) value);
    }

    @SuppressWarnings("unchecked")
    private static <T> void set(ServerBootstrap bootstrap, ChannelOption<T> option, Object value) {
        bootstrap.childOption(option, (T) value);
    }

    /** Listens, tells the address, and gives the link to whoever connects first. */
    static NettyLink accept(Carrier carrier, SocketAddress address, Consumer<SocketAddress> listening)
            throws IOException {
        ManualIoEventLoop loop = carrier.loop();
        Inbox inbox = new Inbox();
        ServerBootstrap bootstrap =
                new ServerBootstrap().group(loop).channel(carrier.serverChannel).childHandler(inbox);
        carrier.options().forEach((option, value) -> set(bootstrap, option, value));
        ChannelFuture bound = bootstrap.bind(address);
        finish(loop, bound);
        listening.accept(bound.channel().localAddress());
        Channel accepted = inbox.channel;
        while (accepted == null) {
            loop.run(WAIT_NANOS);
            accepted = inbox.channel;
        }
        finish(loop, bound.channel().close());
        return new NettyLink(loop, accepted, inbox);
    }

    @Override
    public void command(Command command) throws IOException {
        header.set(ValueLayout.JAVA_INT, 0, command.verb().number());
        header.set(ValueLayout.JAVA_INT, 4, command.bytes());
        header.set(ValueLayout.JAVA_INT, 8, command.messages());
        finish(loop, channel.writeAndFlush(Unpooled.wrappedBuffer(header.asByteBuffer())));
    }

    @Override
    public Command command() throws IOException {
        fill(header);
        return new Command(
                Verb.of(header.get(ValueLayout.JAVA_INT, 0)),
                header.get(ValueLayout.JAVA_INT, 4),
                header.get(ValueLayout.JAVA_INT, 8));
    }

    @Override
    public void send(MemorySegment message) throws IOException {
        channel.write(Unpooled.wrappedBuffer(header.asByteBuffer()), channel.voidPromise());
        finish(loop, channel.writeAndFlush(Unpooled.wrappedBuffer(message.asByteBuffer())));
    }

    @Override
    public void receive(MemorySegment into) throws IOException {
        fill(header);
        fill(into);
    }

    @Override
    public void close() throws IOException {
        finish(loop, channel.close());
        inbox.buffers.forEach(ByteBuf::release);
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        while (!loop.isTerminated()) {
            loop.run(WAIT_NANOS);
        }
    }

    private void fill(MemorySegment into) throws IOException {
        long filled = 0;
        while (filled < into.byteSize()) {
            ByteBuf buffer = inbox.buffers.peek();
            if (buffer == null) {
                awaitBytes();
                continue;
            }
            int bytes = (int) Math.min(into.byteSize() - filled, buffer.readableBytes());
            buffer.readBytes(into.asSlice(filled, bytes).asByteBuffer());
            filled += bytes;
            if (!buffer.isReadable()) {
                inbox.buffers.remove().release();
            }
        }
    }

    private void awaitBytes() throws IOException {
        long end = System.nanoTime() + SPIN_NANOS;
        while (inbox.buffers.isEmpty()) {
            if (!channel.isActive()) {
                throw new EOFException("the peer closed its end");
            }
            if (System.nanoTime() - end < 0) {
                loop.runNow();
                Thread.yield(); // the peer may need this processor
            } else {
                loop.run(WAIT_NANOS);
            }
        }
    }

    private static void finish(ManualIoEventLoop loop, ChannelFuture future) throws IOException {
        while (!future.isDone()) {
            loop.runNow();
        }
        if (!future.isSuccess()) {
            throw new IOException("Netty: " + future.cause().getMessage(), future.cause());
        }
    }

    /** What has come and not been taken. Confined to the loop's thread. */
    private static final class Inbox extends ChannelInboundHandlerAdapter {
        final ArrayDeque<ByteBuf> buffers = new ArrayDeque<>();

        @Nullable
        Channel channel;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            buffers.add((ByteBuf) message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
