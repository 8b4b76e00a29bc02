package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.EventSynchronizeRequest;
import org.v4vgpu.proto.MemFreeRequest;
import org.v4vgpu.proto.ModuleUnloadRequest;
import org.v4vgpu.proto.StreamSynchronizeRequest;
import org.v4vgpu.proto.StreamWaitEventRequest;

/** The order between two threads of a client, each on its lane, whose calls are one-way. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LaneOrderTest {
    private final TestHost host = new TestHost(SessionLimits.DEFAULT);
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private TestClient gpu = TestClient.silent(InJvmChannel.pair()[0]);
    private TestClient other = gpu;

    @BeforeEach
    void connect() throws IOException {
        gpu = host.open();
        other = gpu.join(host.connect());
    }

    @AfterEach
    void stop() throws IOException {
        gpu.goodbye();
        other.goodbye();
        host.awaitNoSession();
        host.close();
        thread.shutdownNow();
    }

    /** One lane fills and records, the other one makes its stream wait and reads. Nobody waits for a reply between them. */
    @Test
    void eventRecordedByOneLaneIsAwaitedByTheOther() throws Exception {
        int rounds = 3000;
        int bytes = 64;
        long context = gpu.createContext();
        long address = gpu.allocate(context, bytes);
        long recorded = ServerContract.event(gpu, context);
        long fills = stream(context);
        long reads = stream(context);
        SynchronousQueue<Integer> handOver = new SynchronousQueue<>();
        SynchronousQueue<Integer> handBack = new SynchronousQueue<>();
        Future<?> reader = thread.submit(() -> {
            for (int i = 0; i < rounds; i++) {
                int value = handOver.take();
                other.post(
                        Call.STREAM_WAIT_EVENT,
                        StreamWaitEventRequest.newBuilder()
                                .setContext(context)
                                .setStream(reads)
                                .setEvent(recorded)
                                .build());
                byte[] back = new byte[bytes];
                assertEquals(0, other.read(context, reads, address, back));
                byte[] expected = new byte[bytes];
                Arrays.fill(expected, (byte) value);
                assertArrayEquals(expected, back, "round " + i);
                handBack.put(value);
            }
            return null;
        });
        for (int i = 0; i < rounds; i++) {
            gpu.post(
                    Call.MEMSET,
                    ServerContract.fill(context, address, 1, i, bytes).toBuilder()
                            .setStream(fills)
                            .build());
            gpu.post(Call.EVENT_RECORD, ServerContract.record(context, recorded, fills));
            handOver.put(i);
            handBack.take();
        }
        reader.get();
    }

    @Test
    void callBehindLongCopyOfAnotherLaneSeesAllOfIt() throws Exception {
        int bytes = 20 * InJvmChannel.PAYLOAD_BYTES;
        long context = gpu.createContext();
        long address = gpu.allocate(context, bytes);
        SynchronousQueue<byte[]> handOver = new SynchronousQueue<>();
        int rounds = 200;
        Future<?> reader = thread.submit(() -> {
            for (int i = 0; i < rounds; i++) {
                assertArrayEquals(handOver.take(), other.read(context, address, bytes), "round " + i);
                handOver.put(new byte[0]);
            }
            return null;
        });
        for (int i = 0; i < rounds; i++) {
            byte[] data = ServerContract.bytes(bytes, i);
            gpu.write(context, 0, address, data);
            handOver.put(data);
            handOver.take();
        }
        reader.get();
    }

    @Test
    void longCopyBlocksNobodyBesideIt() throws Exception {
        long context = gpu.createContext();
        long address = gpu.allocate(context, 2 * InJvmChannel.PAYLOAD_BYTES);
        long stream = stream(context);
        MemorySegment chunk = MemorySegment.ofArray(new byte[InJvmChannel.PAYLOAD_BYTES]);
        long bytes = 2 * chunk.byteSize();
        gpu.channel.send(
                gpu.encoder()
                        .request(
                                Call.MEMCPY_HTOD,
                                0,
                                gpu.sequence.incrementAndGet(),
                                bytes,
                                TestClient.toDevice(context, stream, address)),
                chunk);
        long beside = other.allocate(context, 4096); // answered though the copy has not ended
        other.write(context, 0, beside, ServerContract.bytes(4096, 1));
        gpu.channel.send(gpu.encoder().continuation(CallDescriptor.LAST, gpu.sequence.incrementAndGet(), bytes), chunk);
        assertArrayEquals(ServerContract.bytes(4096, 1), other.read(context, beside, 4096));
        assertEquals(0, ServerContract.synchronize(gpu, context));
    }

    /** The lane that has filled a stream waits; what it has sent before another lane's call does not hold that one up. */
    @Test
    void fullStreamBlocksItsLaneOnly() throws Exception {
        long context = gpu.createContext();
        long address = gpu.allocate(context, 2 * InJvmChannel.PAYLOAD_BYTES);
        long otherAddress = gpu.allocate(context, 4096);
        long beside = stream(context);
        TestClient third = gpu.join(host.connect());
        beginCopy(other, context, address); // the default stream holds
        for (int i = 0; i < 1100; i++) { // it takes 1024
            gpu.post(Call.MEMSET, ServerContract.fill(context, otherAddress, 4, i, 1));
        }
        for (int i = 0; i < 20; i++) {
            third.allocate(context, 4096);
            gpu.post(Call.MEMSET, ServerContract.fill(context, otherAddress, 4, 2000 + i, 1));
            third.write(context, beside, otherAddress + 1024, ServerContract.bytes(64, i));
            byte[] back = new byte[64];
            assertEquals(0, third.read(context, beside, otherAddress + 1024, back));
            assertArrayEquals(ServerContract.bytes(64, i), back);
        }
        endCopy(other);
        assertEquals(0, ServerContract.synchronize(gpu, context));
        assertArrayEquals(new byte[] {(byte) 2019, 2019 >> 8, 0, 0}, gpu.read(context, otherAddress, 4));
        third.goodbye();
    }

    /** Who waits is told when the work before is done, though another lane has enqueued more. */
    @Test
    void waitsEndWithWhatWasEnqueuedBefore() throws Exception {
        long context = gpu.createContext();
        long address = gpu.allocate(context, 2 * InJvmChannel.PAYLOAD_BYTES);
        long freed = gpu.allocate(context, 256);
        long module = TestKernels.load(gpu, context);
        long event = ServerContract.event(gpu, context);
        TestClient feeder = gpu.join(host.connect());
        beginCopy(other, context, address);
        gpu.post(Call.EVENT_RECORD, ServerContract.record(context, event, 0));
        Map<Call<?, ?>, MessageLite> waits = Map.of(
                Call.CTX_SYNCHRONIZE,
                CtxSynchronizeRequest.newBuilder().setContext(context).build(),
                Call.STREAM_SYNCHRONIZE,
                StreamSynchronizeRequest.newBuilder().setContext(context).build(),
                Call.EVENT_SYNCHRONIZE,
                EventSynchronizeRequest.newBuilder().setEvent(event).build(),
                Call.MEM_FREE,
                MemFreeRequest.newBuilder()
                        .setContext(context)
                        .setAddress(freed)
                        .build(),
                Call.MODULE_UNLOAD,
                ModuleUnloadRequest.newBuilder().setModule(module).build());
        List<Waiting> waiting = new ArrayList<>();
        for (Map.Entry<Call<?, ?>, MessageLite> wait : waits.entrySet()) {
            TestClient lane = gpu.join(host.connect());
            Call<?, ?> call = wait.getKey();
            long number = lane.send(call, CallDescriptor.WAITS, wait.getValue(), TestClient.NOTHING);
            waiting.add(new Waiting(call, lane, number));
        }
        beginCopy(feeder, context, address);
        gpu.post(Call.EVENT_RECORD, ServerContract.record(context, event, 0));
        endCopy(other);
        for (Waiting each : waiting) {
            assertEquals(0, each.lane.receive(each.call, each.number).status(), each.call.name());
            each.lane.goodbye();
        }
        endCopy(feeder);
        feeder.goodbye();
    }

    /** A lane whose call has not been answered. */
    private record Waiting(Call<?, ?> call, TestClient lane, long number) {}

    /** The first half of a copy of two messages: its stream holds until the second one. */
    private static void beginCopy(TestClient lane, long context, long address) throws IOException {
        lane.channel.send(
                lane.encoder()
                        .request(
                                Call.MEMCPY_HTOD,
                                0,
                                lane.sequence.incrementAndGet(),
                                2 * InJvmChannel.PAYLOAD_BYTES,
                                TestClient.toDevice(context, 0, address)),
                MemorySegment.ofArray(new byte[InJvmChannel.PAYLOAD_BYTES]));
    }

    private static void endCopy(TestClient lane) throws IOException {
        lane.channel.send(
                lane.encoder()
                        .continuation(
                                CallDescriptor.LAST, lane.sequence.incrementAndGet(), 2 * InJvmChannel.PAYLOAD_BYTES),
                MemorySegment.ofArray(new byte[InJvmChannel.PAYLOAD_BYTES]));
    }

    private long stream(long context) throws IOException {
        return ServerContract.nonBlockingStream(gpu, context);
    }
}
