package org.v4vgpu.v4v.netty;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.testsuite.transport.AbstractSingleThreadEventLoopTest;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;
import org.v4vgpu.v4v.socket.V4vSocketFactory;

/** Netty's test of event loops: shutdown, suspension, counts of channels. */
@SuppressWarnings("FutureReturnValueIgnored") // the end of the group is awaited
class V4vEventLoopTest extends AbstractSingleThreadEventLoopTest {
    @TempDir
    Path fabric;

    @Override
    protected EventLoopGroup newEventLoopGroup() {
        return new MultiThreadIoEventLoopGroup(1, V4vIoHandler.newFactory());
    }

    @Override
    protected EventLoopGroup newAutoScalingEventLoopGroup() {
        return new MultiThreadIoEventLoopGroup(
                SCALING_MAX_THREADS, null, AUTO_SCALING_CHOOSER_FACTORY, V4vIoHandler.newFactory());
    }

    @Override
    protected Channel newChannel() {
        return new V4vServerChannel();
    }

    @Override
    protected Class<? extends ServerChannel> serverChannelClass() {
        return V4vServerChannel.class;
    }

    /** As inherited, but bound to an address that this transport has. */
    @Test
    @Override
    public void testShutdownGracefullyNoQuietPeriod() throws Exception {
        EventLoopGroup group = newEventLoopGroup();
        try (V4vHypervisor domain = SharedMemoryHypervisor.open(Fabric.of(fabric), 1)) {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(V4vServerChannel.class)
                    .option(V4vChannelOption.HYPERVISOR, domain)
                    .childHandler(new ChannelInboundHandlerAdapter())
                    .bind(new V4vAddress(1, 1))
                    .sync()
                    .channel();
            group.shutdownGracefully(0, 1, TimeUnit.MINUTES);
            assertTrue(group.awaitTermination(10, TimeUnit.SECONDS), "the loop hangs");
            assertTrue(server.closeFuture().await(10, TimeUnit.SECONDS), "the loop left its channel open");
        }
    }

    /** Counts connections, and keeps the loop busy with the one that says something. */
    private static final class SlowReader extends ChannelInboundHandlerAdapter {
        final CountDownLatch accepted = new CountDownLatch(2);
        final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            accepted.countDown();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            LockSupport.parkNanos(1_000_000); // time for the sender to fill the ring again
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            ended.countDown();
        }
    }

    @Test
    void findsAConnectorThatGaveUpThoughTheLoopNeverRests() throws Exception {
        EventLoopGroup group = newEventLoopGroup();
        SlowReader reader = new SlowReader();
        V4vAddress address = new V4vAddress(1, 1);
        try (V4vHypervisor serving = SharedMemoryHypervisor.open(Fabric.of(fabric), 1);
                V4vHypervisor connecting = SharedMemoryHypervisor.open(Fabric.of(fabric), 2)) {
            new ServerBootstrap()
                    .group(group)
                    .channel(V4vServerChannel.class)
                    .option(V4vChannelOption.HYPERVISOR, serving)
                    .childHandler(reader)
                    .bind(address)
                    .sync();
            Thread flood;
            try (Socket flooding = new V4vSocketFactory(connecting).createSocket()) {
                flooding.connect(address, 10_000);
                flood = Thread.ofPlatform().start(() -> flood(flooding));
                ReceiveRing vanishing = connecting.register(0x8000_0001L, 1, 1 << 17);
                ByteBuffer request = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
                request.putInt(0x4753_4d56)
                        .putInt(1)
                        .putInt(0x8000_0001)
                        .putInt(0)
                        .flip();
                connecting.sendv(vanishing.address(), address, 0x5634_0001, List.of(MemorySegment.ofBuffer(request)));
                assertTrue(reader.accepted.await(10, TimeUnit.SECONDS), "the connections are not accepted");
                vanishing.close();
                assertTrue(reader.ended.await(10, TimeUnit.SECONDS), "the connection stays for ever");
                assertTrue(flood.isAlive(), "the loop is busy all the time");
            }
            flood.join();
            group.shutdownGracefully(0, 1, TimeUnit.MINUTES);
            assertTrue(group.awaitTermination(10, TimeUnit.SECONDS), "the loop hangs");
        }
    }

    /** Writes until the socket is closed. */
    private static void flood(Socket socket) {
        byte[] bytes = new byte[1 << 16];
        try {
            while (true) {
                socket.getOutputStream().write(bytes);
            }
        } catch (IOException e) {
            return;
        }
    }
}
