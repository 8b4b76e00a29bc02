package org.v4vgpu.v4v.netty;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Netty HTTP server, which knows nothing of V4V, answers over it: requests one after the other on one connection, and large ones. */
@Timeout(60)
class V4vHttpTest {
    private static final int LARGE = 5_000_000;

    /** Answers with the request's path and body. */
    private static final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            ByteBuf body = context.alloc().buffer();
            body.writeCharSequence(request.uri(), StandardCharsets.US_ASCII);
            body.writeBytes(request.content());
            FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
            context.writeAndFlush(response, context.voidPromise());
        }
    }

    @TempDir
    Path fabric;

    @Test
    void answersRequests() throws Exception {
        BlockingQueue<FullHttpResponse> responses = new LinkedBlockingQueue<>();
        try (NettyDomains domains = new NettyDomains(fabric)) {
            Channel server = domains.listen(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline()
                            .addLast(new HttpServerCodec(), new HttpObjectAggregator(2 * LARGE), new Answering());
                }
            });
            Channel client = domains.connect(server, new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline()
                            .addLast(
                                    new HttpClientCodec(),
                                    new HttpObjectAggregator(2 * LARGE),
                                    new SimpleChannelInboundHandler<FullHttpResponse>() {
                                        @Override
                                        protected void channelRead0(
                                                ChannelHandlerContext context, FullHttpResponse response) {
                                            responses.add(response.retain());
                                        }
                                    });
                }
            });
            for (int i = 0; i < 100; i++) {
                client.writeAndFlush(request("/" + i, Unpooled.EMPTY_BUFFER));
            }
            for (int i = 0; i < 100; i++) {
                assertEquals("/" + i, body(responses));
            }
            String large = "v4v ".repeat(LARGE / 4);
            client.writeAndFlush(request("/large", Unpooled.copiedBuffer(large, StandardCharsets.US_ASCII)));
            assertEquals("/large" + large, body(responses));
        }
    }

    private static FullHttpRequest request(String path, ByteBuf body) {
        FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, path, body);
        request.headers().set(HttpHeaderNames.HOST, "domain-1");
        request.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        return request;
    }

    private static String body(BlockingQueue<FullHttpResponse> responses) throws InterruptedException {
        FullHttpResponse response = responses.poll(20, SECONDS);
        assertTrue(response != null, "no answer");
        assertEquals(HttpResponseStatus.OK, response.status());
        String body = response.content().toString(StandardCharsets.US_ASCII);
        response.release();
        return body;
    }
}
