package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.ErrorsOf.assertStatus;
import static org.v4vgpu.client.ErrorsOf.thrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.client.ScriptedServer.Received;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.MemcpyDtoHRequest;
import org.v4vgpu.proto.MemcpyHtoDRequest;
import org.v4vgpu.proto.MemsetRequest;

/** What a session writes, and what it makes of strange answers. */
@Timeout(30)
final class GpuSessionTest {
    private static final CtxSynchronizeRequest SYNCHRONIZE =
            CtxSynchronizeRequest.newBuilder().setContext(7).build();

    private static final KernelOutput NOWHERE = new KernelOutput(new StringBuilder());

    @Test
    void refusesAServerOfAnotherVersionAndNamesBoth() throws Exception {
        HelloReply hello = HelloReply.newBuilder()
                .setProtocolVersion(Limits.PROTOCOL_VERSION + 1)
                .build();
        try (ScriptedServer server = new ScriptedServer(hello, (peer, call) -> {})) {
            CudaException error = thrownBy(() -> GpuSession.open(server.address(), false, NOWHERE));
            assertEquals(CudaStatus.DEVICE_UNAVAILABLE, error.status());
            assertTrue(error.getMessage().contains("version " + (Limits.PROTOCOL_VERSION + 1)), error.getMessage());
            assertTrue(error.getMessage().contains(server.address().toString()), error.getMessage());
        }
    }

    @Test
    void numbersEveryCallAndWaitsOnlyWhereItMust() throws Exception {
        try (ScriptedServer server = echo();
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            Lane lane = session.lane();
            lane.post(Call.MEMSET, MemsetRequest.getDefaultInstance());
            lane.outcome(Call.CTX_SYNCHRONIZE, SYNCHRONIZE);
            assertEquals(
                    List.of(
                            new Received(Call.MEMSET.number(), CallDescriptor.LAST, 1, 0, 0),
                            new Received(
                                    Call.CTX_SYNCHRONIZE.number(),
                                    CallDescriptor.WAITS | CallDescriptor.LAST,
                                    2,
                                    0,
                                    0)),
                    server.received);
        }
    }

    @Test
    void cutsLongPayloadsIntoChunksWithTwoNumbers() throws Exception {
        try (ScriptedServer server = echo();
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            byte[] bytes = new byte[5_000_000];
            session.lane().post(Call.MEMCPY_HTOD, MemcpyHtoDRequest.getDefaultInstance(), MemorySegment.ofArray(bytes));
            session.lane().outcome(Call.CTX_SYNCHRONIZE, SYNCHRONIZE);
            List<Received> chunks = server.received.subList(0, server.received.size() - 1);
            assertTrue(chunks.size() > 2, chunks::toString);
            assertEquals(
                    bytes.length,
                    chunks.stream().mapToLong(Received::chunkBytes).sum());
            assertTrue(chunks.stream().allMatch(chunk -> chunk.payloadBytes() == bytes.length));
            assertEquals(Call.MEMCPY_HTOD.number(), chunks.getFirst().number());
            assertEquals(1, chunks.getFirst().sequence());
            assertEquals(0, chunks.getFirst().flags());
            assertTrue(chunks.subList(1, chunks.size() - 1).stream()
                    .allMatch(chunk -> chunk.number() == 0 && chunk.sequence() == 0 && chunk.flags() == 0));
            assertEquals(2, chunks.getLast().sequence());
            assertEquals(CallDescriptor.LAST, chunks.getLast().flags());
            assertEquals(3, server.received.getLast().sequence());
        }
    }

    @Test
    void waitsForEveryCallInBlockingMode() throws Exception {
        try (ScriptedServer server = echo();
                GpuSession session = GpuSession.open(server.address(), true, NOWHERE)) {
            session.lane().post(Call.MEMSET, MemsetRequest.getDefaultInstance());
            assertEquals(
                    CallDescriptor.WAITS | CallDescriptor.LAST,
                    server.received.getFirst().flags());
        }
    }

    @Test
    void passesAnErrorOnOnceAndGoesOn() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        try (ScriptedServer server = new ScriptedServer((peer, call) -> peer.reply(
                        call, calls.getAndIncrement() == 0 ? CudaStatus.INVALID_VALUE : CudaStatus.SUCCESS, null));
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            Lane lane = session.lane();
            lane.post(Call.MEMSET, MemsetRequest.getDefaultInstance());
            assertStatus(CudaStatus.INVALID_VALUE, () -> lane.call(Call.CTX_SYNCHRONIZE, SYNCHRONIZE));
            assertDoesNotThrow(() -> lane.call(Call.CTX_SYNCHRONIZE, SYNCHRONIZE));
            assertTrue(session.isOpen());
        }
    }

    @Test
    void aReplyToAnotherCallEndsTheSession() throws Exception {
        try (ScriptedServer server = new ScriptedServer((peer, call) -> peer.send(peer.encoder()
                        .reply(
                                Call.MEM_ALLOC.number(),
                                CallDescriptor.LAST,
                                CudaStatus.SUCCESS,
                                call.sequence(),
                                0,
                                null)));
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            assertLost(session);
        }
    }

    @Test
    void aReplyWithAnotherNumberEndsTheSession() throws Exception {
        try (ScriptedServer server = new ScriptedServer((peer, call) -> peer.send(peer.encoder()
                        .reply(call.number(), CallDescriptor.LAST, CudaStatus.SUCCESS, call.sequence() + 1, 0, null)));
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            assertLost(session);
        }
    }

    @Test
    void aHeaderThatIsNoneEndsTheSession() throws Exception {
        try (ScriptedServer server = new ScriptedServer((peer, call) -> peer.send(MemorySegment.ofArray(new byte[5])));
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            assertLost(session);
        }
    }

    @Test
    void aPayloadLongerThanAskedForEndsTheSessionAndWritesNothingBeyond() throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        (peer, call) -> peer.replyWithPayload(call, CallDescriptor.LAST, 8, new byte[16]));
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            byte[] destination = {1, 1, 1, 1, 1, 1, 1, 1};
            assertStatus(CudaStatus.DEVICE_UNAVAILABLE, () -> read(session, destination));
            assertArrayEquals(new byte[] {1, 1, 1, 1, 1, 1, 1, 1}, destination);
            assertFalse(session.isOpen());
        }
    }

    @Test
    void aPayloadThatEndsTooEarlyEndsTheSession() throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        (peer, call) -> peer.replyWithPayload(call, CallDescriptor.LAST, 8, new byte[4]));
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            assertStatus(CudaStatus.DEVICE_UNAVAILABLE, () -> read(session, new byte[8]));
            assertFalse(session.isOpen());
        }
    }

    @Test
    void aServerThatVanishesInACallIsNamedWithinASecond() throws Exception {
        try (ScriptedServer server = new ScriptedServer((peer, call) -> peer.vanish());
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            long start = System.nanoTime();
            assertLost(session);
            assertTrue(System.nanoTime() - start < 1_000_000_000L);
        }
    }

    private static ScriptedServer echo() throws IOException {
        return new ScriptedServer((peer, call) -> peer.reply(call, CudaStatus.SUCCESS, null));
    }

    private static void read(GpuSession session, byte[] destination) {
        session.lane()
                .read(Call.MEMCPY_DTOH, MemcpyDtoHRequest.getDefaultInstance(), MemorySegment.ofArray(destination));
    }

    /** The waiting call and every later one say what happened, and where. */
    private static void assertLost(GpuSession session) {
        CudaException waiting = thrownBy(() -> session.lane().outcome(Call.CTX_SYNCHRONIZE, SYNCHRONIZE));
        assertEquals(CudaStatus.DEVICE_UNAVAILABLE, waiting.status());
        assertTrue(waiting.getMessage().contains(session.address().toString()), waiting.getMessage());
        CudaException later = thrownBy(() -> session.lane().post(Call.MEMSET, MemsetRequest.getDefaultInstance()));
        assertEquals(waiting.getMessage(), later.getMessage());
    }
}
