package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.util.UncheckedBooleanSupplier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Where a channel's bytes arrive: in memory of the reader's while it asks for them, else in a buffer that waits for it; one buffer for each
 * read that the channel is asked for. The channel's allocator of receive buffers, and its last handler. Confined to the event loop.
 */
@SuppressWarnings("deprecation") // the handle's type: nothing has replaced it
final class StreamInlet extends ChannelInboundHandlerAdapter implements RecvByteBufAllocator {
    /** What a read takes while the reader sleeps; it reads the rest itself. */
    private static final int ASIDE_BYTES = 16 * 1024;

    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();
    private @Nullable ByteBuffer target;

    /** Over the target; the channel is filling it. */
    private @Nullable ByteBuf given;

    private int taken;
    private boolean ended;
    private @Nullable Throwable failure;

    /** The next read goes there. */
    void aim(ByteBuffer into) {
        target = into;
        taken = 0;
    }

    /** What comes from now on waits. */
    void aimAside() {
        target = null;
        given = null;
    }

    /** What came into the target since {@link #aim}, as {@link java.nio.channels.ReadableByteChannel#read} says it. */
    int taken() throws IOException {
        return taken > 0 || !waiting.isEmpty() ? taken : ended();
    }

    /** Whether bytes wait, or the end. */
    boolean isWaiting() {
        return ended || !waiting.isEmpty();
    }

    /** Moves bytes that wait. The number; -1 at the end. */
    int take(ByteBuffer into) throws IOException {
        ByteBuf buffer = waiting.peek();
        if (buffer == null) {
            return ended();
        }
        int bytes = Math.min(into.remaining(), buffer.readableBytes());
        int limit = into.limit();
        buffer.readBytes(into.limit(into.position() + bytes));
        into.limit(limit);
        if (!buffer.isReadable()) {
            waiting.remove().release();
        }
        return bytes;
    }

    private int ended() throws IOException {
        Throwable cause = failure;
        if (!ended || cause == null) {
            return ended ? -1 : 0;
        }
        throw cause instanceof IOException e ? e : new IOException("Netty: " + cause, cause);
    }

    void discard() {
        waiting.forEach(ByteBuf::release);
        waiting.clear();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // that very buffer
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf buffer = (ByteBuf) message;
        ByteBuffer into = target;
        if (buffer == given && into != null) {
            taken = buffer.readableBytes();
            into.position(into.position() + taken);
            buffer.release();
            aimAside();
        } else {
            waiting.add(buffer);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof ChannelInputShutdownReadComplete) {
            ended = true;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        ended = true;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        ended = true;
    }

    @Override
    public Handle newHandle() {
        return new OneBuffer();
    }

    /** Lets a channel read once when it is asked to. */
    private final class OneBuffer implements ExtendedHandle {
        private int attempted;
        private int last;

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            ByteBuffer into = target;
            if (into == null || given != null) {
                return allocator.buffer(ASIDE_BYTES);
            }
            ByteBuf buffer = Unpooled.wrappedBuffer(into).clear();
            given = buffer;
            return buffer;
        }

        @Override
        public int guess() {
            return ASIDE_BYTES;
        }

        @Override
        public void reset(ChannelConfig config) {
            last = 0;
        }

        @Override
        public void incMessagesRead(int messages) {}

        @Override
        public void lastBytesRead(int bytes) {
            last = bytes;
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return false;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier more) {
            return false;
        }

        @Override
        public void readComplete() {}
    }
}
