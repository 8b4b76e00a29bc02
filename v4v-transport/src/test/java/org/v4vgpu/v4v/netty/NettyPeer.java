package org.v4vgpu.v4v.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.nio.file.Path;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** A connecting domain in a process of its own. */
@SuppressWarnings("FutureReturnValueIgnored") // the process ends anyway
final class NettyPeer implements AutoCloseable {
    private final V4vHypervisor domain;
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, V4vIoHandler.newFactory());

    NettyPeer(Path fabric) throws IOException {
        domain = SharedMemoryHypervisor.open(Fabric.of(fabric), V4vAddress.DOMAIN_ANY);
    }

    void connectAndSay(V4vAddress address, String text) throws InterruptedException {
        Channel channel = new Bootstrap()
                .group(loops)
                .channel(V4vChannel.class)
                .option(V4vChannelOption.HYPERVISOR, domain)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(address)
                .sync()
                .channel();
        channel.writeAndFlush(ByteBufUtil.writeAscii(channel.alloc(), text)).sync();
    }

    @Override
    public void close() {
        loops.shutdownGracefully();
        domain.close();
    }
}
