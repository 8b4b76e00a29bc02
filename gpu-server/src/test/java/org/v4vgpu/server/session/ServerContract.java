package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.*;

/** What a client may rely on, over any transport: all of it, and that hostile clients harm nobody else. The device has {@link TestHost#DEVICE_BYTES}. */
abstract class ServerContract extends ModuleContract {
    @Test
    void unknownCallIsNotSupported() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        Call<CtxSynchronizeRequest, CtxSynchronizeReply> unknown =
                new Call<>(4711, "Unknown", true, false, CtxSynchronizeRequest.parser(), CtxSynchronizeReply.parser());
        CtxSynchronizeRequest request =
                CtxSynchronizeRequest.newBuilder().setContext(context).build();
        assertEquals(CudaStatus.NOT_SUPPORTED.code(), gpu.call(unknown, request).status());
        MemorySegment payload = MemorySegment.ofArray(new byte[3 * gpu.channel.maximumPayloadBytes()]);
        gpu.send(unknown, 0, request, payload);
        assertEquals(CudaStatus.NOT_SUPPORTED.code(), synchronize(gpu, context));
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void garbageEndsTheSessionAndNoOther() throws IOException {
        TestClient bystander = open();
        long context = bystander.createContext();
        Random random = new Random(1);
        for (int length : new int[] {0, 1, 23, 24, 25, 1000}) {
            byte[] garbage = new byte[length];
            random.nextBytes(garbage);
            attack(gpu -> gpu.channel.send(MemorySegment.ofArray(garbage)));
            try (TestClient stranger = TestClient.silent(connect())) {
                stranger.channel.send(MemorySegment.ofArray(garbage));
                assertThrows(IOException.class, stranger.channel::receive);
            }
        }
        assertEquals(0, synchronize(bystander, context));
    }

    @Test
    void brokenCallsEndTheSession() throws IOException {
        CtxSynchronizeRequest empty = CtxSynchronizeRequest.getDefaultInstance();
        MemorySegment byteOfPayload = MemorySegment.ofArray(new byte[1]);
        // A payload where none may be, one that is longer or shorter than announced, one that never ends.
        attack(gpu -> gpu.send(Call.CTX_SYNCHRONIZE, WAITS, empty, byteOfPayload));
        attack(gpu -> first(gpu, Call.MEMSET, LAST, 1, 2, 1));
        attack(gpu -> first(gpu, Call.MEMCPY_HTOD, LAST, 1, 2, 1));
        attack(gpu -> first(gpu, Call.MEMCPY_HTOD, LAST, 1, 0, 1));
        attack(gpu -> first(gpu, Call.MEMCPY_HTOD, 0, 1, 1, 1));
        attack(gpu -> first(gpu, Call.MEMCPY_HTOD, 0, 1, 0, 0));
        // Numbers that are none, or that were used before.
        attack(gpu -> first(gpu, Call.CTX_SYNCHRONIZE, WAITS | LAST, 0, 0, 0));
        attack(gpu -> first(gpu, Call.CTX_SYNCHRONIZE, WAITS | LAST, -5, 0, 0));
        attack(gpu -> {
            gpu.createContext();
            first(gpu, Call.CTX_SYNCHRONIZE, WAITS | LAST, 1, 0, 0);
        });
        // A reply, a call that must wait and doesn't, a continuation of nothing, a message that is no protobuf.
        attack(gpu -> gpu.channel.send(
                gpu.encoder().reply(Call.CTX_SYNCHRONIZE.number(), LAST, CudaStatus.SUCCESS, 1, 0, null)));
        attack(gpu -> first(gpu, Call.CTX_CREATE, LAST, 1, 0, 0));
        attack(gpu -> gpu.channel.send(gpu.encoder().continuation(LAST, 1, 0)));
        attack(gpu -> {
            MemorySegment header = gpu.encoder()
                    .request(
                            Call.CTX_CREATE,
                            WAITS | LAST,
                            1,
                            0,
                            HelloRequest.newBuilder().setClient("cut short").build());
            gpu.channel.send(header.asSlice(0, header.byteSize() - 1));
        });
    }

    @Test
    void brokenContinuationsEndTheSession() throws IOException {
        // Too much, too little, empty, another call within, another length, a number between, no number at the end.
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(0, 0, 10), payload(10)));
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(LAST, 2, 10), payload(3)));
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(0, 0, 10), payload(0)));
        attackPayload(gpu -> gpu.createContext());
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(LAST, 2, 11), payload(6)));
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(0, 2, 10), payload(1)));
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(LAST, 0, 10), payload(6)));
        attackPayload(gpu -> gpu.channel.send(gpu.encoder().continuation(LAST, -1, 10), payload(6)));
    }

    private interface Attack {
        void run(TestClient gpu) throws IOException;
    }

    /** Opens a session with memory, attacks, and expects that lane and memory are gone. */
    private void attack(Attack attack) throws IOException {
        long before = usedBytes();
        try (TestClient gpu = TestClient.open(connect());
                TestClient owner = gpu.join(connect())) {
            try {
                attack.run(gpu);
            } catch (IOException e) {
                // The server was faster.
            }
            assertThrows(IOException.class, () -> {
                while (true) {
                    gpu.channel.receive().close();
                }
            });
            assertThrows(IOException.class, owner.channel::receive);
        }
        assertEquals(before, usedBytes());
    }

    /** The same with a copy of 10 bytes, of which 4 have come. */
    private void attackPayload(Attack attack) throws IOException {
        attack(gpu -> {
            first(gpu, Call.MEMCPY_HTOD, 0, 1, 10, 4);
            gpu.sequence.set(1);
            attack.run(gpu);
        });
    }

    static void first(TestClient gpu, Call<?, ?> call, int flags, long sequence, long announced, int bytes)
            throws IOException {
        gpu.channel.send(
                gpu.encoder().request(call, flags, sequence, announced, CtxSynchronizeRequest.getDefaultInstance()),
                payload(bytes));
    }

    static MemorySegment payload(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }
}
