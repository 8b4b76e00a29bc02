package org.v4vgpu.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.GoodbyeReply;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.MessageListener;

/** A peer for a session's lanes, a thread each, that greets as a server does, remembers what arrives, and answers what the test says. */
final class ScriptedServer implements AutoCloseable {
    /** What the server does with a call that waits. */
    interface Script {
        void answer(ScriptedServer server, CallHeader call) throws IOException;
    }

    /** A message as it arrived. */
    record Received(int number, int flags, long sequence, long payloadBytes, long chunkBytes) {}

    final List<Received> received = new CopyOnWriteArrayList<>();

    private final MessageListener listener;
    private final HelloReply hello;
    private final Script script;
    private final List<MessageChannel> channels = new CopyOnWriteArrayList<>();

    /** Of the lane whose thread this is; the thread ends with it. */
    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<@Nullable MessageChannel> channel = new ThreadLocal<>();

    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<CallEncoder> encoder = ThreadLocal.withInitial(CallEncoder::new);

    ScriptedServer(Script script) throws IOException {
        this(
                HelloReply.newBuilder()
                        .setProtocolVersion(Limits.PROTOCOL_VERSION)
                        .setSecret(ByteString.copyFromUtf8("secret"))
                        .setMaximumLanes(8)
                        .build(),
                script);
    }

    ScriptedServer(HelloReply hello, Script script) throws IOException {
        this.hello = hello;
        this.script = script;
        this.listener = MessageChannels.listen(ChannelAddress.parse("tcp://127.0.0.1:0"));
        Thread.ofPlatform().daemon().start(this::accept);
    }

    ChannelAddress address() {
        return listener.address();
    }

    void reply(CallHeader call, CudaStatus status, @Nullable MessageLite message) throws IOException {
        channel().send(encoder().reply(call.number(), CallDescriptor.LAST, status, call.sequence(), 0, message));
    }

    /** A reply whose one message carries {@code chunk} of a payload of {@code payloadBytes}. */
    void replyWithPayload(CallHeader call, int flags, long payloadBytes, byte[] chunk) throws IOException {
        channel()
                .send(
                        encoder().reply(call.number(), flags, CudaStatus.SUCCESS, call.sequence(), payloadBytes, null),
                        MemorySegment.ofArray(chunk));
    }

    /** Any header at all. */
    void send(MemorySegment header) throws IOException {
        channel().send(header);
    }

    CallEncoder encoder() {
        return encoder.get();
    }

    /** Goes away without a word. */
    void vanish() {
        channel().close();
    }

    private MessageChannel channel() {
        return Objects.requireNonNull(channel.get());
    }

    private void accept() {
        try {
            while (true) {
                MessageChannel accepted = listener.accept();
                channels.add(accepted);
                Thread.ofPlatform().daemon().start(() -> serve(accepted));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private void serve(MessageChannel accepted) {
        channel.set(accepted);
        try (accepted) {
            try (IncomingMessage message = accepted.receive()) {
                reply(CallHeader.decode(message.header()), CudaStatus.SUCCESS, hello);
            }
            while (true) {
                step(accepted);
            }
        } catch (IOException e) {
            // The client has gone, or the test is over.
        }
    }

    private void step(MessageChannel accepted) throws IOException {
        try (IncomingMessage message = accepted.receive()) {
            CallHeader header = CallHeader.decode(message.header());
            received.add(new Received(
                    header.number(),
                    header.flags(),
                    header.sequence(),
                    header.payloadBytes(),
                    message.payload().byteSize()));
            if (header.number() == Call.GOODBYE.number()) {
                reply(header, CudaStatus.SUCCESS, GoodbyeReply.getDefaultInstance());
            } else if (header.waits() && header.isLast()) {
                script.answer(this, header);
            }
        }
    }

    @Override
    public void close() {
        listener.close();
        channels.forEach(MessageChannel::close);
    }
}
