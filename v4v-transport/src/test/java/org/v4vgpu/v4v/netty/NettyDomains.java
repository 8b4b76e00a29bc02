package org.v4vgpu.v4v.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** A serving and a connecting domain of one fabric, both in this process, with event loops of their own. Safe for any thread. */
final class NettyDomains implements AutoCloseable {
    private static final AtomicLong PORT = new AtomicLong(1);

    final V4vHypervisor serving;
    final V4vHypervisor connecting;
    final EventLoopGroup servers = new MultiThreadIoEventLoopGroup(2, V4vIoHandler.newFactory());
    final EventLoopGroup clients = new MultiThreadIoEventLoopGroup(1, V4vIoHandler.newFactory());

    NettyDomains(Path fabric) throws IOException {
        this(SharedMemoryHypervisor.open(Fabric.of(fabric), 1), SharedMemoryHypervisor.open(Fabric.of(fabric), 2));
    }

    /** Takes ownership of both. */
    NettyDomains(V4vHypervisor serving, V4vHypervisor connecting) {
        this.serving = serving;
        this.connecting = connecting;
    }

    /** An address of the serving domain that nobody has had. */
    V4vAddress newAddress() {
        return new V4vAddress(serving.domain(), PORT.getAndIncrement());
    }

    ServerBootstrap server() {
        return new ServerBootstrap()
                .group(servers)
                .channel(V4vServerChannel.class)
                .option(V4vChannelOption.HYPERVISOR, serving);
    }

    Bootstrap client() {
        return new Bootstrap().group(clients).channel(V4vChannel.class).option(V4vChannelOption.HYPERVISOR, connecting);
    }

    Channel listen(ChannelHandler child) {
        return server().childHandler(child)
                .bind(newAddress())
                .syncUninterruptibly()
                .channel();
    }

    V4vChannel connect(Channel server, ChannelHandler handler) {
        return (V4vChannel) client().handler(handler)
                .connect(server.localAddress())
                .syncUninterruptibly()
                .channel();
    }

    @Override
    public void close() {
        Future<?> first = servers.shutdownGracefully(0, 10, TimeUnit.SECONDS);
        Future<?> second = clients.shutdownGracefully(0, 10, TimeUnit.SECONDS);
        boolean ended =
                first.awaitUninterruptibly(10, TimeUnit.SECONDS) && second.awaitUninterruptibly(10, TimeUnit.SECONDS);
        connecting.close();
        serving.close();
        if (!ended) {
            throw new AssertionError("an event loop hangs");
        }
    }
}
