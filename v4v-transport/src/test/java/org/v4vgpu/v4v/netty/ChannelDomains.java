package org.v4vgpu.v4v.netty;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where channels meet, and what handles them in tests. */
@Timeout(60)
abstract class ChannelDomains {
    @TempDir
    Path fabric;

    NettyDomains domains;

    @BeforeEach
    void open() throws IOException {
        domains = openDomains();
    }

    /** Where the channels meet; anew for each test. */
    NettyDomains openDomains() throws IOException {
        return new NettyDomains(fabric);
    }

    @AfterEach
    void close() {
        domains.close();
    }

    /** Collects what arrives, and the end. */
    static final class Inbox extends ChannelInboundHandlerAdapter {
        final BlockingQueue<ByteBuf> buffers = new LinkedBlockingQueue<>();
        final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            buffers.add((ByteBuf) message);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            ended.countDown();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        ByteBuf take(int bytes) throws InterruptedException {
            ByteBuf all = Unpooled.buffer(bytes);
            while (all.readableBytes() < bytes) {
                ByteBuf next = buffers.poll(20, SECONDS);
                assertTrue(next != null, "only " + all.readableBytes() + " of " + bytes + " bytes came");
                all.writeBytes(next);
                next.release();
            }
            return all;
        }
    }

    @Sharable
    static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message, context.voidPromise());
        }
    }

    /** Tells of each channel that becomes active. */
    @Sharable
    static final class Greeter extends ChannelInboundHandlerAdapter {
        private final BlockingQueue<Channel> accepted;

        Greeter(BlockingQueue<Channel> accepted) {
            this.accepted = accepted;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            accepted.add(context.channel());
        }
    }

    static ByteBuf pattern(int bytes) {
        ByteBuf buffer = Unpooled.buffer(bytes);
        for (int i = 0; i < bytes; i++) {
            buffer.writeByte(i * 31 + (i >> 8));
        }
        return buffer;
    }
}
