package org.v4vgpu.v4v.netty;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.socket.V4vSocket;

/** How a stream ends between a channel and whatever else speaks streams. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // what fails is seen at the other end
class V4vStreamEndTest {
    private static final int SMALLEST_RECORD = 32;

    @TempDir
    Path fabric;

    private NettyDomains domains;

    @BeforeEach
    void open() throws IOException {
        domains = new NettyDomains(fabric);
    }

    @AfterEach
    void close() {
        domains.close();
    }

    /** What one accepted channel has seen. */
    private static final class Side extends ChannelInboundHandlerAdapter {
        final BlockingQueue<Channel> active = new LinkedBlockingQueue<>();
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final BlockingQueue<Throwable> causes = new LinkedBlockingQueue<>();
        final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public void channelActive(ChannelHandlerContext context) {
            active.add(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
            ByteBuf buffer = (ByteBuf) message;
            buffer.readBytes(bytes, buffer.readableBytes());
            buffer.release();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            causes.add(cause);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            ended.countDown();
        }

        Channel channel() throws InterruptedException {
            Channel channel = active.poll(20, SECONDS);
            assertTrue(channel != null, "no connection");
            return channel;
        }

        /** Waits for the end; null if no exception came before it. */
        @Nullable
        Throwable cause() throws InterruptedException {
            assertTrue(ended.await(20, SECONDS), "no end");
            return causes.poll();
        }
    }

    private V4vSocket connectSocket(Channel server) throws IOException {
        V4vSocket socket = new V4vSocket(domains.connecting);
        socket.setReceiveBufferSize(4096);
        socket.connect(server.localAddress(), 10_000);
        return socket;
    }

    private static byte[] pattern(int bytes) {
        byte[] pattern = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            pattern[i] = (byte) (i * 31);
        }
        return pattern;
    }

    @Test
    void aChannelsCloseIsTheEndForASocket() throws Exception {
        Side side = new Side();
        try (V4vSocket socket = connectSocket(domains.listen(side))) {
            Channel channel = side.channel();
            channel.writeAndFlush(Unpooled.wrappedBuffer(pattern(100_000))).addListener(_ -> channel.close());
            assertArrayEquals(pattern(100_000), socket.getInputStream().readAllBytes());
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void aChannelsCloseIsTheEndForASocketEvenThroughAFullRing() throws Exception {
        Side side = new Side();
        try (V4vSocket socket = connectSocket(domains.listen(side))) {
            Channel channel = side.channel();
            int written = 0;
            ChannelFuture last = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {(byte) written}));
            while (last.awaitUninterruptibly(200)) {
                assertTrue(last.isSuccess());
                written++;
                last = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {(byte) written}));
            }
            assertEquals(4096 / SMALLEST_RECORD - 1, written, "only the end's place is left");
            channel.close().sync();
            byte[] read = socket.getInputStream().readAllBytes();
            assertEquals(written, read.length);
            for (int i = 0; i < written; i++) {
                assertEquals((byte) i, read[i]);
            }
        }
    }

    @Test
    void aSocketsCloseIsTheEndForAChannel() throws Exception {
        Side side = new Side();
        try (V4vSocket socket = connectSocket(domains.listen(side))) {
            socket.getOutputStream().write(pattern(100_000));
        }
        assertEquals(null, side.cause());
        assertArrayEquals(pattern(100_000), side.bytes.toByteArray());
    }

    @Test
    void aChannelsCloseIsTheEndForAChannel() throws Exception {
        Side side = new Side();
        Side other = new Side();
        Channel client = domains.connect(domains.listen(side), other);
        client.writeAndFlush(Unpooled.wrappedBuffer(pattern(1000))).sync();
        client.close().sync();
        assertEquals(null, side.cause());
        assertArrayEquals(pattern(1000), side.bytes.toByteArray());
        assertEquals(null, other.cause());
    }

    @Test
    void aSocketsResetIsAnExceptionForAChannel() throws Exception {
        Side side = new Side();
        try (V4vSocket socket = connectSocket(domains.listen(side))) {
            socket.getOutputStream().write(pattern(5000));
            socket.setSoLinger(true, 0);
        }
        SocketException cause = assertInstanceOf(SocketException.class, side.cause());
        assertTrue(String.valueOf(cause.getMessage()).contains("reset by"), cause::toString);
        assertArrayEquals(pattern(5000), side.bytes.toByteArray());
    }

    @Test
    void leavingWithoutAnEndIsAnExceptionForAChannel() throws Exception {
        Side side = new Side();
        Channel server = domains.listen(side);
        V4vConnection bare = V4vConnections.open(
                domains.connecting, (V4vAddress) server.localAddress(), SECONDS.toNanos(10), 4096, _ -> {});
        side.channel();
        bare.close();
        SocketException cause = assertInstanceOf(SocketException.class, side.cause());
        assertTrue(String.valueOf(cause.getMessage()).contains("without a close"), cause::toString);
    }

    @Test
    void anEndedChannelStaysEndedWhenThePeerLeaves() throws Exception {
        Side side = new Side();
        Channel server = domains.server()
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(side)
                .bind(domains.newAddress())
                .sync()
                .channel();
        try (V4vSocket socket = connectSocket(server)) {
            socket.shutdownOutput();
            Channel channel = side.channel();
            channel.writeAndFlush(Unpooled.wrappedBuffer(pattern(10))).sync();
            assertArrayEquals(pattern(10), socket.getInputStream().readNBytes(10));
            channel.close().sync();
            assertEquals(-1, socket.getInputStream().read());
        }
        assertEquals(null, side.cause());
    }
}
