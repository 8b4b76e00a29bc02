package org.v4vgpu.v4v.netty;

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
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** What Netty's suite does not ask: lives, and here wake-ups, many channels on one loop, back pressure, what is written. */
@SuppressWarnings("FutureReturnValueIgnored") // what fails is seen at the other end
class V4vChannelTest extends V4vChannelLifeContract {
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
    void refusesWhatItCannotWrite() {
        Channel client = domains.connect(domains.listen(new Echo()), new Inbox());
        ChannelFuture written = client.writeAndFlush("text").awaitUninterruptibly();
        assertInstanceOf(UnsupportedOperationException.class, written.cause());
        assertTrue(client.isActive());
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
}
