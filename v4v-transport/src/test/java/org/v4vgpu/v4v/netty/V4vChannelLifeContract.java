package org.v4vgpu.v4v.netty;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;

/** Channels come and go: connecting, accepting, half-closure, closes, leaks. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails is seen at the other end
abstract class V4vChannelLifeContract extends ChannelDomains {
    @Test
    void acceptsOnlyWhenAsked() throws Exception {
        BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
        Channel server = domains.server()
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(new Greeter(accepted))
                .bind(domains.newAddress())
                .sync()
                .channel();
        domains.connect(server, new Inbox()); // as with a socket, the connection waits to be accepted
        domains.connect(server, new Inbox());
        assertTrue(accepted.poll(100, MILLISECONDS) == null, "accepted without a read");
        server.read();
        assertTrue(accepted.poll(20, SECONDS) != null);
        assertTrue(accepted.poll(100, MILLISECONDS) == null, "accepted twice for one read");
        server.read();
        assertTrue(accepted.poll(20, SECONDS) != null);
    }

    @Test
    void saysWhyAConnectFails() {
        V4vAddress nobody = domains.newAddress();
        ChannelFuture refused =
                domains.client().handler(new Inbox()).connect(nobody).awaitUninterruptibly();
        assertInstanceOf(ConnectException.class, refused.cause());
        assertTrue(String.valueOf(refused.cause().getMessage()).contains(nobody.toString()), refused.cause()::toString);
        assertTrue(refused.channel().closeFuture().awaitUninterruptibly(20, SECONDS));
        ChannelFuture foreign = domains.client()
                .handler(new Inbox())
                .connect(InetSocketAddress.createUnresolved("localhost", 1))
                .awaitUninterruptibly();
        assertInstanceOf(UnsupportedAddressTypeException.class, foreign.cause());
    }

    @Test
    void givesUpConnectingAfterTheTime() throws Exception {
        V4vAddress silent = domains.newAddress();
        try (ReceiveRing ring = domains.serving.register(silent.port(), V4vAddress.DOMAIN_ANY, 4096)) {
            ChannelFuture connecting = domains.client()
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 100)
                    .handler(new Inbox())
                    .connect(silent)
                    .awaitUninterruptibly();
            assertInstanceOf(ConnectTimeoutException.class, connecting.cause());
            assertTrue(ring.await(1_000_000_000L), "no request came");
        }
    }

    @Test
    void closesWhenAConnectIsCancelled() throws Exception {
        V4vAddress silent = domains.newAddress();
        try (ReceiveRing ring = domains.serving.register(silent.port(), V4vAddress.DOMAIN_ANY, 4096)) {
            ChannelFuture connecting = domains.client().handler(new Inbox()).connect(silent);
            assertTrue(ring.await(10_000_000_000L), "no request came");
            assertTrue(connecting.cancel(false));
            assertTrue(connecting.channel().closeFuture().await(20, SECONDS));
        }
    }

    @Test
    void deliversWhatWasFlushedBeforeAClose() throws Exception {
        Inbox inbox = new Inbox();
        Channel server = domains.listen(inbox);
        Channel client = domains.connect(server, new Inbox());
        client.writeAndFlush(pattern(100_000)).sync();
        client.close().sync();
        inbox.take(100_000).release();
        assertTrue(inbox.ended.await(20, SECONDS));
    }

    @Test
    void endsChannelsWhenTheirDomainLeaves() throws Exception {
        Inbox inbox = new Inbox();
        Inbox other = new Inbox();
        Channel server = domains.listen(other);
        Channel client = domains.connect(server, inbox);
        client.writeAndFlush(pattern(10)).sync();
        other.take(10).release();
        domains.connecting.close();
        assertTrue(inbox.ended.await(20, SECONDS), "the own side does not end");
        assertTrue(other.ended.await(1, SECONDS), "the peer does not notice within a second");
    }

    @Test
    void givesAllRingsBack() throws Exception {
        BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
        Channel server = domains.listen(new Greeter(accepted));
        for (int turn = 0; turn < 3; turn++) {
            List<Channel> clients = new ArrayList<>();
            for (int i = 0; i < 80; i++) { // twice that is more than a domain may have
                clients.add(domains.client()
                        .option(V4vChannelOption.RING_BYTES, 4096)
                        .handler(new Inbox())
                        .connect(server.localAddress())
                        .sync()
                        .channel());
            }
            for (Channel client : clients) {
                client.close().sync();
            }
            for (int i = 0; i < clients.size(); i++) {
                Channel child = accepted.poll(20, SECONDS);
                assertTrue(child != null && child.closeFuture().await(20, SECONDS), "the other side does not close");
            }
        }
        server.close().sync();
        Channel again = domains.server()
                .childHandler(new Echo())
                .bind(server.localAddress())
                .sync()
                .channel();
        assertTrue(again.isActive());
    }

    @Test
    void halfClosesBothWays() throws Exception {
        Inbox inbox = new Inbox();
        BlockingQueue<Object> events = new LinkedBlockingQueue<>();
        BlockingQueue<DuplexChannel> halfClosed = new LinkedBlockingQueue<>();
        Channel server = domains.server()
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        context.writeAndFlush(message, context.voidPromise());
                    }

                    @Override
                    public void userEventTriggered(ChannelHandlerContext context, Object event) {
                        events.add(event);
                        if (event == ChannelInputShutdownEvent.INSTANCE) {
                            halfClosed.add((DuplexChannel) context.channel());
                        }
                    }
                })
                .bind(domains.newAddress())
                .sync()
                .channel();
        V4vChannel client = domains.connect(server, inbox);
        client.writeAndFlush(pattern(10)).sync();
        client.shutdownOutput().sync();
        assertTrue(client.isOutputShutdown());
        assertFalse(client.isInputShutdown());
        assertInstanceOf(
                ClosedChannelException.class,
                client.writeAndFlush(pattern(1)).awaitUninterruptibly().cause());
        DuplexChannel child = halfClosed.poll(20, SECONDS);
        assertTrue(child != null, "the other side has not seen the end");
        child.writeAndFlush(pattern(1000));
        child.shutdownOutput();
        inbox.take(1010).release();
        assertTrue(inbox.ended.await(20, SECONDS), "the end did not come back");
        assertEquals(ChannelInputShutdownEvent.INSTANCE, events.poll(20, SECONDS));
    }

    @Test
    void throwsAwayWhatComesAfterItsInputWasShutDown() throws Exception {
        BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
        Channel server = domains.server()
                .option(V4vChannelOption.RING_BYTES, 4096)
                .childHandler(new Greeter(accepted))
                .bind(domains.newAddress())
                .sync()
                .channel();
        V4vChannel client = domains.connect(server, new Inbox());
        V4vChannel child = (V4vChannel) accepted.take();
        child.shutdownInput().sync();
        assertTrue(child.isInputShutdown());
        assertTrue(client.writeAndFlush(pattern(100_000)).await(20, SECONDS), "the peer's writes hang");
        assertTrue(child.isActive());
        assertTrue(child.shutdown().await(20, SECONDS));
        assertTrue(child.isShutdown());
    }

    @Test
    void saysThatItIsNotConnected() {
        V4vChannel channel = (V4vChannel) domains.client()
                .handler(new Inbox())
                .register()
                .syncUninterruptibly()
                .channel();
        assertInstanceOf(
                NotYetConnectedException.class,
                channel.shutdownInput().awaitUninterruptibly().cause());
        assertInstanceOf(
                NotYetConnectedException.class,
                channel.shutdownOutput().awaitUninterruptibly().cause());
        assertInstanceOf(
                NotYetConnectedException.class,
                channel.shutdown().awaitUninterruptibly().cause());
        assertInstanceOf(
                NotYetConnectedException.class,
                channel.writeAndFlush(pattern(1)).awaitUninterruptibly().cause());
        channel.close().syncUninterruptibly();
    }

    @Test
    void connectsOnlyOnce() {
        Channel server = domains.listen(new Echo());
        Channel client = domains.connect(server, new Inbox());
        assertInstanceOf(
                AlreadyConnectedException.class,
                client.connect(server.localAddress()).awaitUninterruptibly().cause());
        assertTrue(client.isActive());
        Channel pending = domains.client()
                .handler(new Inbox())
                .register()
                .syncUninterruptibly()
                .channel();
        ChannelFuture first = pending.connect(server.localAddress());
        ChannelFuture second = pending.connect(server.localAddress());
        assertTrue(first.awaitUninterruptibly().isSuccess());
        assertFalse(second.awaitUninterruptibly().isSuccess());
    }

    @Test
    void keepsItsConnectionWhenItMovesToAnotherLoop() throws Exception {
        Channel server = domains.listen(new Echo());
        Inbox inbox = new Inbox();
        Channel client = domains.connect(server, inbox);
        client.deregister().sync();
        assertFalse(client.isRegistered());
        domains.servers.register(client).sync();
        client.writeAndFlush(pattern(5000)).sync();
        inbox.take(5000).release();
    }
}
