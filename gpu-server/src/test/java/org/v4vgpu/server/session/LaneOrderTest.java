package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
import org.v4vgpu.proto.StreamCreateRequest;
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
        gpu.channel.send(
                gpu.encoder().continuation(CallDescriptor.LAST, gpu.sequence.incrementAndGet(), bytes), chunk);
        assertArrayEquals(ServerContract.bytes(4096, 1), other.read(context, beside, 4096));
        assertEquals(0, ServerContract.synchronize(gpu, context));
    }

    private long stream(long context) throws IOException {
        return gpu.expect(
                        Call.STREAM_CREATE,
                        StreamCreateRequest.newBuilder()
                                .setContext(context)
                                .setFlags(1)
                                .build())
                .getStream();
    }
}
