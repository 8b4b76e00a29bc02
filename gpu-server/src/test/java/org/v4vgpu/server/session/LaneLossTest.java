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
import org.v4vgpu.proto.CtxCreateRequest;
import org.v4vgpu.proto.CtxDestroyRequest;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.EventCreateRequest;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.MemAllocRequest;
import org.v4vgpu.proto.MemFreeRequest;
import org.v4vgpu.proto.MemGetInfoReply;
import org.v4vgpu.proto.MemGetInfoRequest;
import org.v4vgpu.proto.ModuleGetFunctionRequest;
import org.v4vgpu.proto.ModuleLoadDataReply;
import org.v4vgpu.proto.ServerStatusReply;

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
    void contextsAndAllocationsAreLimited() throws IOException {
        TestHost small = new TestHost(new SessionLimits(0, 0, 2, 5, 2, 2, SessionLimits.DEFAULT.missingNumberNanos()));
        try (TestClient gpu = small.open();
                TestClient other = gpu.join(small.connect())) {
            long first = gpu.createContext();
            long second = other.createContext();
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY.code(),
                    gpu.call(Call.CTX_CREATE, CtxCreateRequest.getDefaultInstance())
                            .status());
            long freed = gpu.allocate(first, 1);
            other.allocate(second, 1);
            for (int i = 0; i < 3; i++) {
                gpu.allocate(first, 1);
            }
            MemAllocRequest one =
                    MemAllocRequest.newBuilder().setContext(second).setBytes(1).build();
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY.code(),
                    gpu.call(Call.MEM_ALLOC, one).status());
            gpu.expect(
                    Call.MEM_FREE,
                    MemFreeRequest.newBuilder()
                            .setContext(first)
                            .setAddress(freed)
                            .build());
            other.allocate(second, 1);
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY.code(),
                    gpu.call(Call.MEM_ALLOC, one).status());
            gpu.post(
                    Call.MEMSET,
                    ServerContract.fill(second, 0, 1, 0, 0).toBuilder()
                            .setStream(2)
                            .build());
            other.expect(
                    Call.CTX_DESTROY,
                    CtxDestroyRequest.newBuilder().setContext(first).build());
            long third = gpu.createContext();
            gpu.post(
                    Call.MEMSET,
                    ServerContract.fill(third, 0, 1, 0, 0).toBuilder()
                            .setStream(2)
                            .build());
            for (int i = 0; i < 3; i++) {
                gpu.allocate(third, 1);
            }
            gpu.goodbye();
            other.goodbye();
        }
        small.awaitNoSession();
        small.close();
    }

    @Test
    void manySessionsWithLongNamesFitAStatus() throws IOException {
        int many = 2000;
        TestHost crowded =
                new TestHost(new SessionLimits(0, 0, 2, 5, 2, many + 1, SessionLimits.DEFAULT.missingNumberNanos()));
        for (int i = 0; i < many; i++) {
            crowded.sessions.open("\u20ac".repeat(1000), "peer");
        }
        try (TestClient gpu = crowded.open()) {
            ServerStatusReply status = gpu.serverStatus();
            assertTrue(status.getSessionsCount() > 200);
            assertEquals(many, status.getSessionsCount() + status.getSessionsLeftOut());
            assertEquals("\u20ac".repeat(20) + "...", status.getSessions(0).getClient());
            gpu.goodbye();
        }
        crowded.close();
    }

    @Test
    void kernelWithTooManyParametersIsRefused() throws IOException {
        StringBuilder ptx = new StringBuilder(".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry wide(");
        for (int i = 0; i < 16_000; i++) {
            ptx.append(i == 0 ? "" : ",").append(".param .u8 p").append(i);
        }
        ptx.append(")\n{\nret;\n}\n");
        try (TestClient gpu = host.open()) {
            long context = gpu.createContext();
            TestClient.Reply<ModuleLoadDataReply> loaded = TestKernels.load(gpu, context, ptx.toString(), 1000);
            assertEquals(0, loaded.status(), () -> loaded.message().getErrorLog());
            ModuleGetFunctionRequest wide = ModuleGetFunctionRequest.newBuilder()
                    .setModule(loaded.message().getModule())
                    .setName("wide")
                    .build();
            assertEquals(
                    CudaStatus.NOT_SUPPORTED.code(),
                    gpu.call(Call.MODULE_GET_FUNCTION, wide).status());
            assertEquals(0, ServerContract.synchronize(gpu, context));
            gpu.goodbye();
        }
    }

    @Test
    void limitsHold() throws IOException {
        SessionLimits limits = new SessionLimits(1 << 20, 0, 2, 3, 3, 2, SessionLimits.DEFAULT.missingNumberNanos());
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
