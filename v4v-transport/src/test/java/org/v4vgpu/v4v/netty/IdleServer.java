package org.v4vgpu.v4v.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.net.Socket;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.socket.V4vServerSocket;

/** A process that serves channels, sockets and Netty's channels as domain 1, and echoes what it gets. */
final class IdleServer {
    static final V4vAddress CHANNELS = new V4vAddress(1, 1);
    static final V4vAddress SOCKETS = new V4vAddress(1, 2);
    static final V4vAddress NETTY = new V4vAddress(1, 3);

    private IdleServer() {}

    @SuppressWarnings("SystemOut") // it is how the parent learns
    public static void main(String[] arguments) throws Exception {
        MessageListener channels = MessageChannels.listen(CHANNELS);
        start(() -> start(channels.accept(), IdleServer::echo));
        V4vServerSocket sockets = new V4vServerSocket();
        sockets.bind(SOCKETS);
        start(() -> start(sockets.accept(), IdleServer::echo));
        new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, V4vIoHandler.newFactory()))
                .channel(V4vServerChannel.class)
                .childHandler(new Echo())
                .bind(NETTY)
                .sync();
        System.out.println("ready");
        Thread.currentThread().join();
    }

    private interface Step {
        void run() throws IOException;
    }

    private interface Serving<T> {
        void serve(T connection) throws IOException;
    }

    /** Accepts without end. */
    private static void start(Step step) {
        Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    step.run();
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    private static <T> void start(T connection, Serving<T> serving) {
        Thread.ofPlatform().start(() -> {
            try {
                serving.serve(connection);
            } catch (IOException e) {
                return; // the parent has closed it
            }
        });
    }

    private static void echo(MessageChannel channel) throws IOException {
        while (true) {
            try (IncomingMessage message = channel.receive()) {
                channel.send(message.header());
            }
        }
    }

    private static void echo(Socket socket) throws IOException {
        byte[] bytes = new byte[1000];
        while (true) {
            int count = socket.getInputStream().read(bytes);
            if (count < 0) {
                return;
            }
            socket.getOutputStream().write(bytes, 0, count);
        }
    }

    @Sharable
    @SuppressWarnings("FutureReturnValueIgnored") // the process is killed in the end
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush((ByteBuf) message, context.voidPromise());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // the parent has closed it
        }
    }
}
