package org.v4vgpu.server.session;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.*;
import org.v4vgpu.v4v.MessageChannel;

/** What tests of a server have in common: a client that ends with its test, and calls in short. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ServerClients {
    static final int WAITS = CallDescriptor.WAITS;
    static final int LAST = CallDescriptor.LAST;

    TestClient client = TestClient.silent(InJvmChannel.pair()[0]);

    /** A connection to the server under test. */
    abstract MessageChannel connect() throws IOException;

    /** Device memory in use, over all sessions. */
    abstract long usedBytes();

    @AfterEach
    void leave() {
        client.close();
    }

    TestClient open() throws IOException {
        client = TestClient.open(connect());
        return client;
    }

    static int synchronize(TestClient gpu, long context) throws IOException {
        return status(
                gpu,
                Call.CTX_SYNCHRONIZE,
                CtxSynchronizeRequest.newBuilder().setContext(context).build());
    }

    static int streamSynchronize(TestClient gpu, long context, long stream) throws IOException {
        return status(
                gpu,
                Call.STREAM_SYNCHRONIZE,
                StreamSynchronizeRequest.newBuilder()
                        .setContext(context)
                        .setStream(stream)
                        .build());
    }

    static long nonBlockingStream(TestClient gpu, long context) throws IOException {
        return gpu.expect(
                        Call.STREAM_CREATE,
                        StreamCreateRequest.newBuilder()
                                .setContext(context)
                                .setFlags(1)
                                .build())
                .getStream();
    }

    static long event(TestClient gpu, long context) throws IOException {
        return gpu.expect(
                        Call.EVENT_CREATE,
                        EventCreateRequest.newBuilder().setContext(context).build())
                .getEvent();
    }

    static EventRecordRequest record(long context, long event, long stream) {
        return EventRecordRequest.newBuilder()
                .setContext(context)
                .setEvent(event)
                .setStream(stream)
                .build();
    }

    static MemsetRequest fill(long context, long address, int elementBytes, int value, long elements) {
        return MemsetRequest.newBuilder()
                .setContext(context)
                .setDestination(address)
                .setElementBytes(elementBytes)
                .setValue(value)
                .setElements(elements)
                .build();
    }

    static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static int allocate(TestClient gpu, long context, long bytes) throws IOException {
        return status(
                gpu,
                Call.MEM_ALLOC,
                MemAllocRequest.newBuilder().setContext(context).setBytes(bytes).build());
    }

    static int free(TestClient gpu, long context, long address) throws IOException {
        return status(
                gpu,
                Call.MEM_FREE,
                MemFreeRequest.newBuilder()
                        .setContext(context)
                        .setAddress(address)
                        .build());
    }

    static <Q extends MessageLite> int status(TestClient gpu, Call<Q, ?> call, Q request) throws IOException {
        return gpu.call(call, request).status();
    }
}
