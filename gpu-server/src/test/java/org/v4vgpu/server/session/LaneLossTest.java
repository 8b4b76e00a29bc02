package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.EventCreateRequest;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.MemAllocRequest;
import org.v4vgpu.proto.MemGetInfoReply;
import org.v4vgpu.proto.MemGetInfoRequest;

/** How sessions end, and that nothing is left of them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LaneLossTest {
    private static final int WAITS = CallDescriptor.WAITS;

    /** What a dead client may leave behind, in milliseconds. */
    private static final long DEAD_MILLIS = 1000;

    private final TestHost host = new TestHost(SessionLimits.DEFAULT);

    @AfterEach
    void nextClientWorksAndNothingIsLeft() throws IOException {
        try (TestClient next = host.open()) {
            long context = next.createContext();
            long address = next.allocate(context, 10_000);
            next.write(context, 0, address, ServerContract.bytes(10_000, 1));
            assertArrayEquals(ServerContract.bytes(10_000, 1), next.read(context, address, 10_000));
            next.goodbye();
        }
        host.awaitNoSession();
        host.close();
    }

    @Test
    void lastGoodbyeEndsSession() throws IOException {
        try (TestClient gpu = host.open();
                TestClient other = gpu.join(host.connect())) {
            long context = gpu.createContext();
            gpu.allocate(context, 1 << 20);
            gpu.goodbye();
            assertEquals(0, ServerContract.synchronize(other, context));
            other.goodbye();
        }
        host.awaitNoSession();
    }

    @Test
    void idleClientDies() throws IOException {
        TestClient gpu = host.open();
        gpu.allocate(gpu.createContext(), 1 << 20);
        expectEndOf(gpu);
    }

    @Test
    void closingWithoutGoodbyeEndsSession() throws IOException {
        TestClient gpu = host.open();
        TestClient other = gpu.join(host.connect());
        gpu.allocate(gpu.createContext(), 1 << 20);
        gpu.close();
        assertThrows(IOException.class, other.channel::receive);
        assertTrue(host.awaitNoSession() < DEAD_MILLIS);
    }

    @Test
    void clientDiesWithinCopyToDevice() throws IOException {
        TestClient gpu = host.open();
        beginCopy(gpu, gpu.createContext());
        expectEndOf(gpu);
    }

    @Test
    void clientDiesWithinCopyToHost() throws IOException {
        TestClient gpu = host.open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 1 << 20);
        gpu.send(Call.MEMCPY_DTOH, WAITS, TestClient.fromDevice(context, 0, address, 1 << 20), TestClient.NOTHING);
        gpu.channel.receive().close(); // the server writes on until there is no space
        expectEndOf(gpu);
    }

    @Test
    void clientDiesWhileLanesWait() throws IOException {
        TestClient gpu = host.open();
        long context = gpu.createContext();
        TestClient second = gpu.join(host.connect());
        TestClient third = gpu.join(host.connect());
        TestClient fourth = gpu.join(host.connect());
        beginCopy(gpu, context); // its stream holds
        second.send(Call.CTX_SYNCHRONIZE, WAITS, context(context), TestClient.NOTHING);
        third.send(
                Call.MEMCPY_DTOH,
                WAITS,
                TestClient.fromDevice(context, 0, fourth.allocate(context, 10), 10),
                TestClient.NOTHING);
        expectEndOf(second); // though it is not the one that holds
    }

    @Test
    void laneDiesWithNumberThatOthersWaitFor() throws IOException {
        TestClient gpu = host.open();
        long context = gpu.createContext();
        TestClient other = gpu.join(host.connect());
        gpu.sequence.incrementAndGet(); // taken, never published
        other.send(Call.CTX_SYNCHRONIZE, WAITS, context(context), TestClient.NOTHING);
        expectEndOf(gpu);
        assertThrows(IOException.class, other.channel::receive);
    }

    @Test
    void serverStopsWhileLanesWait() throws IOException {
        TestClient gpu = host.open();
        long context = gpu.createContext();
        TestClient second = gpu.join(host.connect());
        beginCopy(gpu, context);
        second.send(Call.CTX_SYNCHRONIZE, WAITS, context(context), TestClient.NOTHING);
        TestHost stopped = new TestHost(SessionLimits.DEFAULT);
        TestClient elsewhere = stopped.open();
        beginCopy(elsewhere, elsewhere.createContext());
        stopped.close();
        assertThrows(IOException.class, elsewhere.channel::receive);
        assertEquals(0, stopped.device.usedBytes());
        expectEndOf(gpu);
    }

    @Test
    void limitsHold() throws IOException {
        SessionLimits limits = new SessionLimits(1 << 20, 2, 3, 2, SessionLimits.DEFAULT.missingNumberNanos());
        TestHost small = new TestHost(limits);
        try (TestClient gpu = small.open()) {
            long context = gpu.createContext();
            long address = gpu.allocate(context, 1 << 19);
            MemAllocRequest tooMuch = MemAllocRequest.newBuilder()
                    .setContext(context)
                    .setBytes((1 << 19) + 1)
                    .build();
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY.code(),
                    gpu.call(Call.MEM_ALLOC, tooMuch).status());
            MemGetInfoReply info = gpu.expect(
                    Call.MEM_GET_INFO,
                    MemGetInfoRequest.newBuilder().setContext(context).build());
            assertEquals(1 << 20, info.getTotalBytes());
            assertTrue(info.getFreeBytes() <= 1 << 19);
            assertTrue(address != 0);

            try (TestClient second = gpu.join(small.connect());
                    TestClient third = TestClient.silent(small.connect())) {
                assertEquals(
                        CudaStatus.DEVICE_UNAVAILABLE.code(),
                        third.hello(Limits.PROTOCOL_VERSION, gpu.welcome.getSecret()));
                assertEquals(0, ServerContract.synchronize(second, context));
                second.goodbye();
            }
            long event = ServerContract.event(gpu, context);
            ServerContract.event(gpu, context);
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY.code(),
                    gpu.call(
                                    Call.EVENT_CREATE,
                                    EventCreateRequest.newBuilder()
                                            .setContext(context)
                                            .build())
                            .status());
            assertTrue(event != 0);
            try (TestClient other = small.open();
                    TestClient refused = TestClient.silent(small.connect())) {
                assertEquals(
                        CudaStatus.DEVICE_UNAVAILABLE.code(), refused.hello(Limits.PROTOCOL_VERSION, ByteString.EMPTY));
                other.goodbye();
            }
        }
        small.awaitNoSession();
        small.close();
    }

    /** Sends the first of many chunks. */
    private static void beginCopy(TestClient gpu, long context) throws IOException {
        long address = gpu.allocate(context, 1 << 20);
        gpu.channel.send(
                gpu.encoder()
                        .request(
                                Call.MEMCPY_HTOD,
                                0,
                                gpu.sequence.incrementAndGet(),
                                1 << 20,
                                TestClient.toDevice(context, 0, address)),
                MemorySegment.ofArray(new byte[InJvmChannel.PAYLOAD_BYTES]));
    }

    private static CtxSynchronizeRequest context(long context) {
        return CtxSynchronizeRequest.newBuilder().setContext(context).build();
    }

    private void expectEndOf(TestClient gpu) {
        ((InJvmChannel) gpu.channel).die();
        long millis = host.awaitNoSession();
        assertTrue(millis < DEAD_MILLIS, () -> "the session lived on for " + millis + " ms");
    }
}
