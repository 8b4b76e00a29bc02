package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.DeviceListRequest;
import org.v4vgpu.proto.EventQueryRequest;
import org.v4vgpu.proto.EventRecordRequest;
import org.v4vgpu.proto.EventSynchronizeRequest;
import org.v4vgpu.proto.MemAllocRequest;
import org.v4vgpu.proto.MemFreeAsyncRequest;
import org.v4vgpu.proto.MemcpyPeerRequest;
import org.v4vgpu.proto.StreamWaitEventRequest;

/** What a session's contexts have to do with each other, and with what the session may have. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class WorkBetweenContextsTest {
    /** A thread that is at work for some hundred milliseconds, and then stores something. */
    private static final String SLOW = """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .entry slow(.param .u64 address)
            {
                .reg .pred %p<2>;
                .reg .b32 %r<4>;
                .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [address];
                mov.u32 %r1, 0;
                mov.u32 %r2, 1;
            AGAIN:
                mad.lo.u32 %r2, %r2, 1664525, %r1;
                add.u32 %r1, %r1, 1;
                setp.lt.u32 %p1, %r1, 100000000;
                @%p1 bra AGAIN;
                st.global.u32 [%rd1], %r2;
                ret;
            }
            """;

    private static final long MOST_OF_THE_DEVICE = TestHost.DEVICE_BYTES / 8 * 5;

    private static void launchSlow(TestClient gpu, long context, long address) throws IOException {
        long module = TestKernels.load(gpu, context, SLOW, 1000).message().getModule();
        long function = TestKernels.function(gpu, module, "slow").getFunction();
        MemorySegment parameters = MemorySegment.ofArray(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(address)
                .array());
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, function, 1, 1), parameters);
    }

    @Test
    void memoryThatIsFreedBehindWorkIsThereForWhoWaits() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long other = gpu.createContext();
            for (int round = 0; round < 2; round++) {
                long address = gpu.allocate(round == 0 ? context : other, MOST_OF_THE_DEVICE);
                launchSlow(gpu, round == 0 ? context : other, address);
                gpu.post(
                        Call.MEM_FREE_ASYNC,
                        MemFreeAsyncRequest.newBuilder()
                                .setContext(round == 0 ? context : other)
                                .setAddress(address)
                                .build());
            }
            gpu.allocate(context, MOST_OF_THE_DEVICE);
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY.code(),
                    gpu.call(
                                    Call.MEM_ALLOC,
                                    MemAllocRequest.newBuilder()
                                            .setContext(context)
                                            .setBytes(MOST_OF_THE_DEVICE)
                                            .build())
                            .status());
            gpu.goodbye();
        }
    }

    /** By way of the server's memory on the software device, and without a word from the client in between. */
    @Test
    void copiesFromOneContextToAnother() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long one = gpu.createContext();
            long two = gpu.createContext();
            byte[] bytes = new byte[3_000_000];
            new Random(8).nextBytes(bytes);
            long a = gpu.allocate(one, bytes.length);
            long b = gpu.allocate(two, bytes.length + 1000);
            gpu.write(one, 0, a, bytes);
            MemcpyPeerRequest.Builder copy = MemcpyPeerRequest.newBuilder()
                    .setContext(two)
                    .setDestinationContext(two)
                    .setDestination(b + 500)
                    .setSourceContext(one)
                    .setSource(a)
                    .setBytes(bytes.length)
                    .setAfterAll(true);
            gpu.expect(Call.MEMCPY_PEER, copy.build());
            assertArrayEquals(bytes, gpu.read(two, b + 500, bytes.length));
            gpu.write(two, 0, b + 500, new byte[1000]);
            gpu.post( // back, in the order of the other context's stream, whose turn is behind the fill
                    Call.MEMCPY_PEER,
                    copy.setDestinationContext(one)
                            .setDestination(a)
                            .setSourceContext(two)
                            .setSource(b + 500)
                            .setBytes(2000)
                            .setAfterAll(false)
                            .build());
            byte[] back = gpu.read(one, a, 2000);
            assertEquals(0, back[999]);
            assertEquals(bytes[1000], back[1000]);
            assertEquals(
                    CudaStatus.INVALID_VALUE.code(),
                    gpu.call(Call.MEMCPY_PEER, copy.setBytes(bytes.length + 1).build())
                            .status());
            assertEquals(
                    CudaStatus.INVALID_VALUE.code(),
                    gpu.call(Call.MEMCPY_PEER, copy.setBytes(-1).build()).status());
            assertEquals(
                    CudaStatus.INVALID_CONTEXT.code(),
                    gpu.call(
                                    Call.MEMCPY_PEER,
                                    copy.setBytes(1).setSourceContext(4711).build())
                            .status());
        }
    }

    /** As its bytes go by way of the server's memory, its lane is not the only one whose calls the stream has. */
    @Test
    void whatAnotherLaneEnqueuesComesBehindACopyBetweenContexts() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open();
                TestClient other = gpu.join(host.connect())) {
            long one = gpu.createContext();
            long two = gpu.createContext();
            int length = 100_000;
            long a = gpu.allocate(one, length);
            long b = gpu.allocate(two, length);
            gpu.expect(Call.MEMSET, ServerClients.fill(one, a, 1, 1, length));
            assertEquals(0, ServerClients.synchronize(gpu, one));
            launchSlow(gpu, two, gpu.allocate(two, 4));
            gpu.post(
                    Call.MEMCPY_PEER,
                    MemcpyPeerRequest.newBuilder()
                            .setContext(two)
                            .setDestinationContext(two)
                            .setDestination(b)
                            .setSourceContext(one)
                            .setSource(a)
                            .setBytes(length)
                            .build());
            other.post(Call.MEMSET, ServerClients.fill(two, b, 1, 7, length - 1));
            assertEquals(0, ServerClients.synchronize(other, two));
            assertEquals(0, ServerClients.synchronize(gpu, two));
            byte[] bytes = gpu.read(two, b, length);
            assertEquals(7, bytes[0]);
            assertEquals(7, bytes[length - 2]);
            assertEquals(1, bytes[length - 1]);
            other.goodbye();
            gpu.goodbye();
        }
    }

    @Test
    void aStreamWaitsForAnEventOfAnotherContext() throws IOException {
        secondWaitsForFirst(1);
    }

    /** More waits than there are threads for. */
    @Test
    void aStreamWaitsForManyEventsOfAnotherContext() throws IOException {
        secondWaitsForFirst(20);
    }

    private static void secondWaitsForFirst(int waits) throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long first = gpu.createContext();
            long second = gpu.createContext();
            long event = ServerClients.event(gpu, first);
            StreamWaitEventRequest wait = StreamWaitEventRequest.newBuilder()
                    .setContext(second)
                    .setEvent(event)
                    .build();
            gpu.post(Call.STREAM_WAIT_EVENT, wait); // never recorded: there is nothing to wait for
            assertEquals(0, ServerClients.synchronize(gpu, second));
            launchSlow(gpu, first, gpu.allocate(first, 4));
            record(gpu, first, event);
            for (int i = 0; i < waits; i++) {
                gpu.post(Call.STREAM_WAIT_EVENT, wait);
            }
            assertEquals(0, ServerClients.synchronize(gpu, second));
            assertEquals(0, query(gpu, first, event), "the second context has waited for the first");
            gpu.goodbye();
        }
    }

    private static void record(TestClient gpu, long context, long event) throws IOException {
        gpu.post(Call.EVENT_RECORD, ServerClients.record(context, event, 0));
    }

    private static int query(TestClient gpu, long context, long event) throws IOException {
        return gpu.call(
                        Call.EVENT_QUERY,
                        EventQueryRequest.newBuilder()
                                .setContext(context)
                                .setEvent(event)
                                .build())
                .status();
    }

    /** The session's end does not wait for a kernel that its stream waits for. */
    @Test
    void aWaitEndsWithItsSession() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long first = gpu.createContext();
            long second = gpu.createContext();
            long module = TestKernels.load(gpu, first);
            long endless = TestKernels.function(gpu, module, "endless").getFunction();
            gpu.post(Call.LAUNCH_KERNEL, TestKernels.launch(first, endless, 1, 1));
            long event = ServerClients.event(gpu, first);
            record(gpu, first, event);
            gpu.post(
                    Call.STREAM_WAIT_EVENT,
                    StreamWaitEventRequest.newBuilder()
                            .setContext(second)
                            .setEvent(event)
                            .build());
            long behind = ServerClients.event(gpu, second);
            record(gpu, second, behind);
            assertEquals(CudaStatus.NOT_READY.code(), query(gpu, first, event));
            assertEquals(
                    CudaStatus.NOT_READY.code(), query(gpu, second, behind), "it is behind the first context's work");
            gpu.goodbye();
            host.awaitNoSession();
        }
    }

    /** It can be asked for, sees streams that are ordered with no other, and holds nothing up. */
    @Test
    void anEventOfAWholeContextStandsInNoStreamsOrder() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long module = TestKernels.load(gpu, context);
            long endless = TestKernels.function(gpu, module, "endless").getFunction();
            long nonBlocking = ServerClients.nonBlockingStream(gpu, context);
            long event = ServerClients.event(gpu, context);
            EventRecordRequest whole = EventRecordRequest.newBuilder()
                    .setContext(context)
                    .setEvent(event)
                    .setWholeContext(true)
                    .build();
            gpu.post(Call.EVENT_RECORD, whole);
            assertEquals(0, query(gpu, context, event));
            gpu.post(
                    Call.LAUNCH_KERNEL,
                    TestKernels.launch(context, endless, 1, 1).toBuilder()
                            .setStream(nonBlocking)
                            .build());
            gpu.post(Call.EVENT_RECORD, whole);
            assertEquals(CudaStatus.NOT_READY.code(), query(gpu, context, event));
            long behind = ServerClients.event(gpu, context);
            record(gpu, context, behind);
            EventSynchronizeRequest synchronize = EventSynchronizeRequest.newBuilder()
                    .setContext(context)
                    .setEvent(behind)
                    .build();
            assertEquals(0, gpu.call(Call.EVENT_SYNCHRONIZE, synchronize).status());
            StreamWaitEventRequest wait = StreamWaitEventRequest.newBuilder()
                    .setContext(context)
                    .setEvent(event)
                    .build();
            assertEquals(
                    CudaStatus.INVALID_HANDLE.code(),
                    gpu.call(Call.STREAM_WAIT_EVENT, wait).status());
            record(gpu, context, event);
            assertEquals(0, gpu.call(Call.STREAM_WAIT_EVENT, wait).status());
            gpu.goodbye();
            host.awaitNoSession();
        }
    }

    /** The lane does not wait: the client asks again. What can't be is refused at once. */
    @Test
    void anAllocationThatMayComeIsNotReady() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT.withMemoryBytes(2 << 20));
                TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long address = gpu.allocate(context, 3 << 19);
            long module = TestKernels.load(gpu, context);
            long endless = TestKernels.function(gpu, module, "endless").getFunction();
            gpu.post(Call.LAUNCH_KERNEL, TestKernels.launch(context, endless, 1, 1));
            gpu.post(
                    Call.MEM_FREE_ASYNC,
                    MemFreeAsyncRequest.newBuilder()
                            .setContext(context)
                            .setAddress(address)
                            .build());
            assertEquals(CudaStatus.NOT_READY.code(), ServerClients.allocate(gpu, context, 1 << 20));
            assertEquals(CudaStatus.OUT_OF_MEMORY.code(), ServerClients.allocate(gpu, context, (2 << 20) + 1));
            gpu.goodbye();
            host.awaitNoSession();
        }
    }

    @Test
    void aQuotaIsWhatAProgramSeesAsTheDevicesMemory() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT.withMemoryBytes(16 << 20));
                TestClient gpu = host.open()) {
            assertEquals(
                    16 << 20,
                    gpu.expect(Call.DEVICE_LIST, DeviceListRequest.getDefaultInstance())
                            .getDevices(0)
                            .getTotalBytes());
            gpu.goodbye();
        }
    }
}
