package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CtxCreateRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.GoodbyeRequest;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.HelloRequest;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.MemAllocReply;
import org.v4vgpu.proto.MemAllocRequest;
import org.v4vgpu.proto.MemcpyDtoHRequest;
import org.v4vgpu.proto.MemcpyHtoDRequest;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.proto.ServerStatusRequest;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;

/** One lane of a client that says exactly what a test wants it to say. Confined to one thread. */
final class TestClient implements AutoCloseable {
    static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    final MessageChannel channel;
    final AtomicLong sequence;
    HelloReply welcome = HelloReply.getDefaultInstance();
    private final CallEncoder encoder = new CallEncoder();

    /** @param text what the server says went wrong */
    record Reply<R>(int status, R message, String text) {}

    private TestClient(MessageChannel channel, AtomicLong sequence) {
        this.channel = channel;
        this.sequence = sequence;
    }

    /** A connected lane that has not said Hello. */
    static TestClient silent(MessageChannel channel) {
        return new TestClient(channel, new AtomicLong());
    }

    /** Opens a session. */
    static TestClient open(MessageChannel channel) throws IOException {
        TestClient client = silent(channel);
        assertEquals(0, client.hello(Limits.PROTOCOL_VERSION, ByteString.EMPTY));
        return client;
    }

    /** A further lane of this client's session. */
    TestClient join(MessageChannel further) throws IOException {
        TestClient client = new TestClient(further, sequence);
        assertEquals(0, client.hello(Limits.PROTOCOL_VERSION, welcome.getSecret()));
        return client;
    }

    int hello(int version, ByteString secret) throws IOException {
        HelloRequest request = HelloRequest.newBuilder()
                .setProtocolVersion(version)
                .setClient("test")
                .setSecret(secret)
                .build();
        channel.send(encoder.request(Call.HELLO, CallDescriptor.WAITS | CallDescriptor.LAST, 0, 0, request));
        try (IncomingMessage message = channel.receive()) {
            CallHeader header = CallHeader.decode(message.header());
            assertEquals(Call.HELLO.number(), header.number());
            welcome = header.parse(Call.HELLO.replies());
            return header.status();
        }
    }

    // ---- calls

    /** Sends a call as one message and waits for its reply. */
    <Q extends MessageLite, R extends MessageLite> Reply<R> call(Call<Q, R> call, Q request, MemorySegment payload)
            throws IOException {
        long number = send(call, CallDescriptor.WAITS, request, payload);
        return receive(call, number);
    }

    <Q extends MessageLite, R extends MessageLite> Reply<R> call(Call<Q, R> call, Q request) throws IOException {
        return call(call, request, NOTHING);
    }

    /** Calls and expects success. */
    <Q extends MessageLite, R extends MessageLite> R expect(Call<Q, R> call, Q request) throws IOException {
        Reply<R> reply = call(call, request);
        assertEquals(0, reply.status, call.name());
        return reply.message;
    }

    /** Sends a one-way call. */
    <Q extends MessageLite> void post(Call<Q, ?> call, Q request) throws IOException {
        send(call, 0, request, NOTHING);
    }

    /** Sends a call, in several messages if its payload needs them. Returns its number. */
    long send(Call<?, ?> call, int flags, MessageLite request, MemorySegment payload) throws IOException {
        long bytes = payload.byteSize();
        int chunk = channel.maximumPayloadBytes();
        long number = sequence.incrementAndGet();
        long sent = Math.min(chunk, bytes);
        channel.send(
                encoder.request(call, flags | (sent == bytes ? CallDescriptor.LAST : 0), number, bytes, request),
                payload.asSlice(0, sent));
        while (sent < bytes) {
            long length = Math.min(chunk, bytes - sent);
            boolean last = sent + length == bytes;
            channel.send(
                    encoder.continuation(
                            flags | (last ? CallDescriptor.LAST : 0), last ? sequence.incrementAndGet() : 0, bytes),
                    payload.asSlice(sent, length));
            sent += length;
        }
        return number;
    }

    <R extends MessageLite> Reply<R> receive(Call<?, R> call, long number) throws IOException {
        try (IncomingMessage message = channel.receive()) {
            CallHeader header = CallHeader.decode(message.header());
            assertEquals(call.number(), header.number());
            assertEquals(number, header.sequence());
            return new Reply<>(header.status(), header.parse(call.replies()), header.errorText());
        }
    }

    // ---- short forms

    long createContext() throws IOException {
        return expect(Call.CTX_CREATE, CtxCreateRequest.getDefaultInstance()).getContext();
    }

    /** Allocates; asks again as long as memory is being freed. */
    long allocate(long context, long bytes) throws IOException {
        MemAllocRequest.Builder request =
                MemAllocRequest.newBuilder().setContext(context).setBytes(bytes);
        Reply<MemAllocReply> reply = call(Call.MEM_ALLOC, request.build());
        while (reply.status == CudaStatus.NOT_READY.code()) {
            request.setFreedBefore(reply.message.getFreedBefore());
            reply = call(Call.MEM_ALLOC, request.build());
        }
        assertEquals(0, reply.status, reply.text);
        return reply.message.getAddress();
    }

    void write(long context, long stream, long address, byte[] bytes) throws IOException {
        send(Call.MEMCPY_HTOD, 0, toDevice(context, stream, address), MemorySegment.ofArray(bytes));
    }

    static MemcpyHtoDRequest toDevice(long context, long stream, long address) {
        return MemcpyHtoDRequest.newBuilder()
                .setContext(context)
                .setStream(stream)
                .setDestination(address)
                .build();
    }

    static MemcpyDtoHRequest fromDevice(long context, long stream, long address, long bytes) {
        return MemcpyDtoHRequest.newBuilder()
                .setContext(context)
                .setStream(stream)
                .setSource(address)
                .setBytes(bytes)
                .build();
    }

    /** Copies from the device into {@code destination}. Returns the status. */
    int read(long context, long stream, long address, byte[] destination) throws IOException {
        long number = send(
                Call.MEMCPY_DTOH,
                CallDescriptor.WAITS,
                fromDevice(context, stream, address, destination.length),
                NOTHING);
        long offset = 0;
        while (true) {
            try (IncomingMessage message = channel.receive()) {
                CallHeader header = CallHeader.decode(message.header());
                assertEquals(offset == 0 ? Call.MEMCPY_DTOH.number() : 0, header.number());
                assertEquals(number, header.sequence());
                message.payload().copyTo(MemorySegment.ofArray(destination), offset);
                offset += message.payload().byteSize();
                if (header.isLast()) {
                    if (header.status() == 0) {
                        assertEquals(destination.length, offset);
                        assertEquals(destination.length, header.payloadBytes());
                    }
                    return header.status();
                }
            }
        }
    }

    byte[] read(long context, long address, int bytes) throws IOException {
        byte[] destination = new byte[bytes];
        assertEquals(0, read(context, 0, address, destination));
        return destination;
    }

    ServerStatusReply serverStatus() throws IOException {
        return expect(Call.SERVER_STATUS, ServerStatusRequest.getDefaultInstance());
    }

    void goodbye() throws IOException {
        expect(Call.GOODBYE, GoodbyeRequest.getDefaultInstance());
    }

    CallEncoder encoder() {
        return encoder;
    }

    @Override
    public void close() {
        channel.close();
    }
}
