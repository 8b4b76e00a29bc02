package org.v4vgpu.v4v.netty;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.v4vgpu.v4v.tcp.ByteStream;

/**
 * A Netty channel as the stream below a message channel, with an event loop of its own that the calling threads run. One thread reads,
 * one writes, {@link #close} is for any.
 *
 * <p>Netty reads only when it is asked to, and where it can straight into the memory that it is to fill ({@link StreamInlet}); what is
 * written is handed to it where it lies.
 */
final class NettyByteStream implements ByteStream {
    /** Belongs to nobody, so that memory which it may not touch is some thread's own. */
    private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

    private final CallerEventLoop loop;
    private final Channel channel;
    private final StreamInlet inlet = new StreamInlet();

    /** The loop's. */
    private boolean closed;

    /** Takes ownership of a new or accepted channel, and registers it with a loop of its own. */
    @SuppressWarnings("deprecation") // AUTO_CLOSE: nothing has replaced it
    NettyByteStream(NettyCarrier carrier, Channel channel) throws IOException {
        this.loop = carrier.newLoop();
        this.channel = channel;
        ChannelConfig config = channel.config();
        config.setAutoRead(false);
        config.setRecvByteBufAllocator(inlet);
        config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true); // what came before a peer's end is read first
        config.setOption(ChannelOption.AUTO_CLOSE, false); // and so it is after a write that failed
        carrier.configure(config);
        channel.pipeline().addLast(inlet);
        try {
            finish(onLoop(() -> loop.register(channel)), Long.MAX_VALUE);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Connects. @throws IOException if that fails or takes longer */
    void connect(SocketAddress remote, long timeoutNanos) throws IOException {
        channel.config().setConnectTimeoutMillis(Math.clamp(timeoutNanos / 1_000_000, 1, Integer.MAX_VALUE));
        finish(onLoop(() -> channel.connect(remote)), Long.MAX_VALUE);
    }

    private interface Start {
        ChannelFuture run();
    }

    private ChannelFuture onLoop(Start start) throws IOException {
        loop.enter();
        try {
            ensureOpen();
            return start.run();
        } finally {
            loop.leave();
        }
    }

    private void finish(ChannelFuture future, long timeoutNanos) throws IOException {
        loop.await(future::isDone, timeoutNanos);
        if (future.isSuccess()) {
            return;
        }
        Throwable cause = future.cause();
        if (cause instanceof IOException e) {
            throw e;
        }
        throw cause == null ? new ClosedChannelException() : new IOException("Netty: " + cause, cause);
    }

    private void ensureOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        loop.enter();
        try {
            ensureOpen();
            if (inlet.isWaiting()) {
                return inlet.take(into);
            }
            inlet.aim(into);
            try {
                channel.read();
                loop.runNow();
            } finally {
                inlet.aimAside();
            }
            return inlet.taken();
        } finally {
            loop.leave();
        }
    }

    @Override
    public void awaitReadable(long timeoutNanos) throws IOException {
        loop.enter();
        try {
            ensureOpen();
            if (!inlet.isWaiting()) {
                channel.read();
                loop.run(timeoutNanos);
            }
        } finally {
            loop.leave();
        }
    }

    @Override
    public boolean writes(MemorySegment memory) {
        return memory.isAccessibleBy(STRANGER); // the reading thread may run the loop when there is space again
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the second write's outcome is that of both
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        ChannelFuture written = onLoop(() -> {
            if (second.hasRemaining()) {
                channel.write(Unpooled.wrappedBuffer(first));
                return channel.writeAndFlush(Unpooled.wrappedBuffer(second));
            }
            return channel.writeAndFlush(Unpooled.wrappedBuffer(first));
        });
        finish(written, Long.MAX_VALUE);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
    public void writeLast(ByteBuffer last) throws IOException {
        onLoop(() -> channel.writeAndFlush(Unpooled.wrappedBuffer(last)));
    }

    @Override
    public int receiveBufferBytes() {
        Integer ring = channel.config().getOption(V4vChannelOption.RING_BYTES);
        Integer socket = channel.config().getOption(ChannelOption.SO_RCVBUF);
        return ring != null ? ring : socket != null ? socket : 0;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closed when the loop has ended
    public void close() {
        loop.enter();
        try {
            if (!closed) {
                closed = true;
                if (channel.isRegistered()) {
                    channel.close();
                } else {
                    channel.unsafe().closeForcibly();
                }
                loop.end();
                inlet.discard();
            }
        } finally {
            loop.leave();
        }
    }

    /** The other side, once connected. */
    SocketAddress peer() {
        return channel.remoteAddress();
    }
}
