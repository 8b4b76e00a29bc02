package org.v4vgpu.v4v.netty;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.V4vAddress;

/** A real process at the other end, killed. */
@Timeout(60)
class V4vPeerDeathTest {
    private static final int PORT = 77;

    @TempDir
    Path fabric;

    @Test
    void tellsOfAKilledPeerWithinASecondAndAfterWhatItSent() throws Exception {
        BlockingQueue<Throwable> causes = new LinkedBlockingQueue<>();
        CountDownLatch spoke = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        try (NettyDomains domains = new NettyDomains(fabric)) {
            Channel server = domains.server()
                    .childHandler(new ChannelInboundHandlerAdapter() {
                        @Override
                        public void channelRead(ChannelHandlerContext context, Object message) {
                            assertEquals('v', ((ByteBuf) message).getByte(0));
                            ((ByteBuf) message).release();
                            spoke.countDown();
                        }

                        @Override
                        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                            causes.add(cause);
                        }

                        @Override
                        public void channelInactive(ChannelHandlerContext context) {
                            ended.countDown();
                        }
                    })
                    .bind(new V4vAddress(1, PORT))
                    .sync()
                    .channel();
            assertTrue(server.isActive());
            Process peer = start();
            try {
                assertTrue(spoke.await(30, SECONDS), "the peer said nothing");
            } finally {
                peer.destroyForcibly();
            }
            assertTrue(ended.await(1, SECONDS), "not noticed within a second");
            assertInstanceOf(PeerLostException.class, causes.poll());
            peer.waitFor(10, TimeUnit.SECONDS);
        }
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        V4vPeerDeathTest.class.getName(),
                        fabric.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** The peer: says a letter and stays until it is killed. */
    public static void main(String[] arguments) throws Exception {
        try (NettyPeer peer = new NettyPeer(Path.of(arguments[0]))) {
            peer.connectAndSay(new V4vAddress(1, PORT), "v");
            new CountDownLatch(1).await();
        }
    }
}
