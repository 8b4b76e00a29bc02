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
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.socket.V4vSocketFactory;

/** A Netty HTTP server, which knows nothing of V4V, answers over it: requests one after the other on one connection, and large ones. */
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // what fails is seen at the other end
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
            Channel server = listen(domains);
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

    @Test
    void answersAClientThatKnowsOnlySockets() throws Exception {
        try (NettyDomains domains = new NettyDomains(fabric)) {
            Channel server = listen(domains);
            V4vAddress address = (V4vAddress) server.localAddress();
            OkHttpClient client = new OkHttpClient.Builder()
                    .socketFactory(new V4vSocketFactory(domains.connecting))
                    .build();
            String large = "v4v ".repeat(LARGE / 4);
            for (String body : List.of("", "small", large)) {
                Request request = new Request.Builder()
                        .url("http://" + address.domain() + ":" + address.port() + "/path")
                        .post(RequestBody.create(body.getBytes(StandardCharsets.US_ASCII)))
                        .build();
                try (Response response = client.newCall(request).execute()) {
                    assertEquals(200, response.code());
                    assertEquals("/path" + body, response.body().string());
                }
            }
            client.connectionPool().evictAll();
            client.dispatcher().executorService().shutdown();
        }
    }

    private static Channel listen(NettyDomains domains) {
        return domains.listen(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(2 * LARGE), new Answering());
            }
        });
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
