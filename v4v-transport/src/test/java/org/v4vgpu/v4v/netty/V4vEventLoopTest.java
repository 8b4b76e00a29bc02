package org.v4vgpu.v4v.netty;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.testsuite.transport.AbstractSingleThreadEventLoopTest;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

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
}
