package org.v4vgpu.v4v.shm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.v4v.netty.V4vChannelOption;
import org.v4vgpu.v4v.netty.V4vIoHandler;
import org.v4vgpu.v4v.netty.V4vServerChannel;

/** A server of Netty's: all channels, hostile and the friend's, on one event loop. */
class HostilePeerOfNettyTest extends HostileStreamContract {
    private EventLoopGroup loop;

    @Override
    protected void serve() throws InterruptedException {
        loop = new MultiThreadIoEventLoopGroup(1, V4vIoHandler.newFactory());
        new ServerBootstrap()
                .group(loop)
                .channel(V4vServerChannel.class)
                .option(V4vChannelOption.HYPERVISOR, victim)
                .childHandler(new Echo())
                .bind(VICTIM)
                .sync();
    }

    @Override
    protected void endServing() {
        assertTrue(
                loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS),
                "the event loop hangs");
    }

    @Sharable
    private final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // the listener has it
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message).addListener(written -> {
                if (!written.isSuccess()) {
                    failed(context, written.cause());
                }
            });
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failed(context, cause);
        }

        @SuppressWarnings("FutureReturnValueIgnored") // channelInactive tells
        private void failed(ChannelHandlerContext context, Throwable cause) {
            if (!(cause instanceof IOException)) {
                unclean.add(cause);
            }
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            ended.incrementAndGet();
        }
    }
}
