package org.v4vgpu.v4v.netty;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;

/** What Netty's suite does not ask: wake-ups, many channels on one loop, back pressure, addresses, leaks. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // what fails is seen at the other end
class V4vChannelTest {
    @TempDir
    Path fabric;

    private NettyDomains domains;

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
    private static final class Inbox extends ChannelInboundHandlerAdapter {
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
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message, context.voidPromise());
        }
    }

    /** Tells of each channel that becomes active. */
    @Sharable
    private static final class Greeter extends ChannelInboundHandlerAdapter {
        private final BlockingQueue<Channel> accepted;

        Greeter(BlockingQueue<Channel> accepted) {
            this.accepted = accepted;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            accepted.add(context.channel());
        }
    }

    private static ByteBuf pattern(int bytes) {
        ByteBuf buffer = Unpooled.buffer(bytes);
        for (int i = 0; i < bytes; i++) {
            buffer.writeByte(i * 31 + (i >> 8));
        }
        return buffer;
    }

    @Test
    void wakesASleepingLoopWithinMillis() throws Exception {
        Channel server = domains.listen(new Echo());
        Inbox inbox = new Inbox();
        Channel client = domains.connect(server, inbox);
        client.writeAndFlush(pattern(8)).sync(); // loads classes
        inbox.take(8).release();
        for (int i = 0; i < 20; i++) {
            Thread.sleep(20); // long enough for both loops to sleep
            long start = System.nanoTime();
            client.writeAndFlush(pattern(8)).sync();
            inbox.take(8).release();
            long nanos = System.nanoTime() - start;
            assertTrue(nanos < 500_000_000L, "an echo between sleeping loops took " + nanos + " ns");
        }
    }

    @Test
    void losesNoWakeUpInManyRoundTrips() throws Exception {
        Channel server = domains.listen(new Echo());
        Inbox inbox = new Inbox();
        Channel client = domains.connect(server, inbox);
        long worst = 0;
        for (int i = 0; i < 20_000; i++) {
            long start = System.nanoTime();
            client.writeAndFlush(pattern(8), client.voidPromise());
            inbox.take(8).release();
            if (i > 0) { // the first one loads classes
                worst = Math.max(worst, System.nanoTime() - start);
            }
        }
        assertTrue(worst < 500_000_000L, "a round trip took " + worst + " ns");
    }

    @Test
    void servesManyChannelsOnOneLoop() throws Exception {
        Channel server = domains.listen(new Echo());
        List<Inbox> inboxes = new ArrayList<>();
        List<Channel> clients = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Inbox inbox = new Inbox();
            inboxes.add(inbox);
            clients.add(domains.client()
                    .option(V4vChannelOption.RING_BYTES, 1 << 16)
                    .handler(inbox)
                    .connect(server.localAddress())
                    .sync()
                    .channel());
        }
        for (int turn = 0; turn < 20; turn++) {
            for (Channel client : clients) {
                client.writeAndFlush(pattern(100 + turn), client.voidPromise());
            }
            for (Inbox inbox : inboxes) {
                ByteBuf expected = pattern(100 + turn);
                ByteBuf got = inbox.take(100 + turn);
                assertEquals(expected, got);
                got.release();
                expected.release();
            }
        }
    }

    @Test
    void carriesAStreamThroughSmallRingsInOrder() throws Exception {
        int bytes = 3_000_000;
        Channel server = domains.server()
                .option(V4vChannelOption.RING_BYTES, 4096)
                .childHandler(new Echo())
                .bind(domains.newAddress())
                .sync()
                .channel();
        Inbox inbox = new Inbox();
        Channel client = domains.client()
                .option(V4vChannelOption.RING_BYTES, 4096)
                .handler(inbox)
                .connect(server.localAddress())
                .sync()
                .channel();
        ByteBuf expected = pattern(bytes);
        CompositeByteBuf parts = Unpooled.compositeBuffer(200);
        for (int at = 0; at < bytes; at += 40_000) {
            parts.addComponent(true, Unpooled.copiedBuffer(expected.slice(at, Math.min(40_000, bytes - at))));
        }
        client.writeAndFlush(parts);
        ByteBuf got = inbox.take(bytes);
        assertEquals(expected, got);
        got.release();
        expected.release();
    }

    @Test
    void stopsBeingWritableWhileThePeerDoesNotRead() throws Exception {
        BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
        Inbox inbox = new Inbox();
        Channel server = domains.server()
                .option(V4vChannelOption.RING_BYTES, 1 << 16)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext context) {
                        context.pipeline().addLast(inbox);
                        accepted.add(context.channel());
                    }
                })
                .bind(domains.newAddress())
                .sync()
                .channel();
        CountDownLatch writableAgain = new CountDownLatch(1);
        Channel client = domains.client()
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(10_000, 20_000))
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelWritabilityChanged(ChannelHandlerContext context) {
                        if (context.channel().isWritable()) {
                            writableAgain.countDown();
                        }
                    }
                })
                .connect(server.localAddress())
                .sync()
                .channel();
        int written = 0;
        while (client.isWritable()) {
            client.writeAndFlush(pattern(1000)).awaitUninterruptibly(50);
            written += 1000;
            assertTrue(written < 1 << 20, "nothing holds the writer back");
        }
        assertEquals(1, writableAgain.getCount());
        Channel reader = accepted.take();
        assertTrue(inbox.buffers.isEmpty(), "read without being asked");
        reader.config().setAutoRead(true);
        inbox.take(written).release();
        assertTrue(writableAgain.await(20, SECONDS));
    }

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
    void refusesWhatItCannotWrite() {
        Channel client = domains.connect(domains.listen(new Echo()), new Inbox());
        ChannelFuture written = client.writeAndFlush("text").awaitUninterruptibly();
        assertInstanceOf(UnsupportedOperationException.class, written.cause());
        assertTrue(client.isActive());
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
    void reportsItsOptions() {
        Channel client = domains.connect(domains.listen(new Echo()), new Inbox());
        assertEquals(domains.connecting, client.config().getOption(V4vChannelOption.HYPERVISOR));
        assertTrue(client.config().getOptions().containsKey(V4vChannelOption.RING_BYTES));
        assertTrue(client.config().setOption(V4vChannelOption.RING_BYTES, 8192));
        assertEquals(8192, client.config().getOption(V4vChannelOption.RING_BYTES));
        assertThrows(
                IllegalArgumentException.class, () -> client.config().setOption(V4vChannelOption.RING_BYTES, 8191));
        assertFalse(client.config().setOption(ChannelOption.TCP_NODELAY, true));
        assertTrue(V4vNetty.isAvailable());
    }

    @Test
    void copiesFromHeapAndNativeMemory() throws Exception {
        Inbox inbox = new Inbox();
        Channel client = domains.connect(domains.listen(new Echo()), inbox);
        ByteBuffer direct = ByteBuffer.allocateDirect(5000);
        while (direct.hasRemaining()) {
            direct.put((byte) direct.position());
        }
        direct.flip();
        client.write(Unpooled.wrappedBuffer(direct));
        client.write(Unpooled.EMPTY_BUFFER);
        client.writeAndFlush(pattern(5000)).sync();
        ByteBuf got = inbox.take(10_000);
        for (int i = 0; i < 5000; i++) {
            assertEquals((byte) i, got.getByte(i));
        }
        assertEquals(pattern(5000), got.slice(5000, 5000));
        got.release();
    }

    @Test
    void halfClosesBothWays() throws Exception {
        Inbox inbox = new Inbox();
        BlockingQueue<Object> events = new LinkedBlockingQueue<>();
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
                            context.writeAndFlush(pattern(1000));
                            ((DuplexChannel) context.channel()).shutdownOutput();
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
