package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.*;

/** Sessions, devices, contexts and their memory. */
abstract class SessionContract extends ServerClients {
    // ---- sessions

    @Test
    void opensSessionWithSecret() throws IOException {
        TestClient gpu = open();
        assertEquals(Limits.PROTOCOL_VERSION, gpu.welcome.getProtocolVersion());
        assertTrue(gpu.welcome.getSecret().size() >= 16);
        assertTrue(gpu.welcome.getMaximumLanes() > 1);
        try (TestClient other = gpu.join(connect())) {
            assertEquals(gpu.welcome.getSession(), other.welcome.getSession());
            assertTrue(other.welcome.getSecret().isEmpty());
            other.goodbye();
        }
        gpu.createContext();
        gpu.goodbye();
        assertThrows(IOException.class, gpu.channel::receive);
    }

    @Test
    void turnsAwayOtherVersionAndSaysItsOwn() throws IOException {
        client = TestClient.silent(connect());
        assertEquals(CudaStatus.NOT_SUPPORTED.code(), client.hello(Limits.PROTOCOL_VERSION + 1, ByteString.EMPTY));
        assertEquals(Limits.PROTOCOL_VERSION, client.welcome.getProtocolVersion());
        assertEquals(0, client.welcome.getSession());
        assertThrows(IOException.class, client.channel::receive);
    }

    @Test
    void turnsAwayWrongSecret() throws IOException {
        TestClient gpu = open();
        byte[] wrong = gpu.welcome.getSecret().toByteArray();
        wrong[wrong.length - 1] ^= 1;
        for (byte[] secret : new byte[][] {wrong, {1}, Arrays.copyOf(wrong, wrong.length - 1)}) {
            try (TestClient thief = TestClient.silent(connect())) {
                assertEquals(
                        CudaStatus.NOT_PERMITTED.code(),
                        thief.hello(Limits.PROTOCOL_VERSION, ByteString.copyFrom(secret)));
                assertThrows(IOException.class, thief.channel::receive);
            }
        }
        gpu.createContext();
    }

    @Test
    void tellsStatus() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        gpu.allocate(context, 10_000);
        try (TestClient looker = TestClient.open(connect())) {
            ServerStatusReply status = looker.serverStatus();
            SessionStatus session = status.getSessionsList().stream()
                    .filter(s -> s.getSession() == gpu.welcome.getSession())
                    .findFirst()
                    .orElseThrow();
            assertTrue(status.getSessionsList().stream().noneMatch(s -> s.getSession() == looker.welcome.getSession()));
            assertEquals("test", session.getClient());
            assertEquals(1, session.getLanes());
            assertEquals(1, session.getContexts());
            assertEquals(2, session.getCalls());
            assertTrue(session.getMemoryBytes() >= 10_000);
            assertTrue(session.getBytesIn() > 0 && session.getBytesOut() > 0);
            assertEquals(1, status.getDevicesCount());
            assertEquals(TestHost.DEVICE_BYTES, status.getDevices(0).getTotalBytes());
            assertTrue(status.getDevices(0).getUsedBytes() >= 10_000);
            looker.goodbye();
        }
    }

    @Test
    void tellsWhatKernelsDid() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        String name = "own" + Long.toUnsignedString(System.nanoTime());
        long module = TestKernels.load(gpu, context, TestKernels.PTX.replace("scale", name), 1000)
                .message()
                .getModule();
        long function = TestKernels.function(gpu, module, name).getFunction();
        long address = gpu.allocate(context, 4096);
        for (int i = 0; i < 3; i++) {
            gpu.send(
                    Call.LAUNCH_KERNEL,
                    0,
                    TestKernels.launch(context, function, 2, 64),
                    TestKernels.scaleParameters(address, 100));
        }
        assertEquals(0, synchronize(gpu, context));
        KernelStatus kernel = gpu.serverStatus().getKernelsList().stream()
                .filter(k -> k.getName().equals(name))
                .findFirst()
                .orElseThrow();
        assertEquals(3, kernel.getLaunches());
        assertEquals(6, kernel.getBlocks());
        assertEquals(384, kernel.getThreads());
        assertTrue(kernel.getInstructions() > 10);
        assertTrue(kernel.getTotalNanos() >= kernel.getShortestNanos() + kernel.getLongestNanos());
    }

    @Test
    void refusesSecondHello() throws IOException {
        TestClient gpu = open();
        assertEquals(
                CudaStatus.NOT_PERMITTED.code(),
                gpu.call(Call.HELLO, HelloRequest.getDefaultInstance()).status());
        gpu.createContext();
    }

    // ---- devices, contexts, memory

    @Test
    void listsDevices() throws IOException {
        DeviceListReply list = open().expect(Call.DEVICE_LIST, DeviceListRequest.getDefaultInstance());
        assertEquals(1, list.getDevicesCount());
        assertEquals(16, list.getDevices(0).getUuid().size());
        assertEquals(TestHost.DEVICE_BYTES, list.getDevices(0).getTotalBytes());
        assertTrue(list.getDriverVersion() >= 12000);
        assertEquals(1024, list.getDevices(0).getAttributesOrThrow(1)); // CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK
    }

    @Test
    void createsAndDestroysContexts() throws IOException {
        TestClient gpu = open();
        for (int device : new int[] {1, -1, Integer.MIN_VALUE}) {
            assertEquals(
                    CudaStatus.INVALID_DEVICE.code(),
                    gpu.call(
                                    Call.CTX_CREATE,
                                    CtxCreateRequest.newBuilder()
                                            .setDevice(device)
                                            .build())
                            .status());
        }
        long context = gpu.createContext();
        assertEquals(0, synchronize(gpu, context));
        CtxDestroyRequest destroy =
                CtxDestroyRequest.newBuilder().setContext(context).build();
        gpu.allocate(context, 1 << 20);
        gpu.expect(Call.CTX_DESTROY, destroy);
        assertEquals(
                CudaStatus.INVALID_CONTEXT.code(),
                gpu.call(Call.CTX_DESTROY, destroy).status());
        assertEquals(CudaStatus.INVALID_CONTEXT.code(), synchronize(gpu, context));
        for (long handle : new long[] {0, 1, 2, -1, Long.MAX_VALUE, context + 1, context ^ (1L << 40)}) {
            assertEquals(CudaStatus.INVALID_CONTEXT.code(), synchronize(gpu, handle));
        }
    }

    @Test
    void contextTakesItsThingsWithIt() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long event = gpu.expect(
                        Call.EVENT_CREATE,
                        EventCreateRequest.newBuilder().setContext(context).build())
                .getEvent();
        long second = gpu.createContext();
        gpu.expect(
                Call.CTX_DESTROY,
                CtxDestroyRequest.newBuilder().setContext(context).build());
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.EVENT_QUERY,
                                EventQueryRequest.newBuilder()
                                        .setContext(second)
                                        .setEvent(event)
                                        .build())
                        .status());
    }

    @Test
    void allocatesAndFrees() throws IOException {
        TestClient gpu = open();
        long before = usedBytes();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 1 << 20);
        assertNotEquals(0, address);
        assertTrue(usedBytes() - before >= 1 << 20);
        MemGetInfoReply info = gpu.expect(
                Call.MEM_GET_INFO,
                MemGetInfoRequest.newBuilder().setContext(context).build());
        assertEquals(TestHost.DEVICE_BYTES, info.getTotalBytes());
        assertTrue(info.getFreeBytes() <= TestHost.DEVICE_BYTES - (1 << 20));
        assertEquals(0, free(gpu, context, address));
        assertEquals(CudaStatus.INVALID_VALUE.code(), free(gpu, context, address));
        assertEquals(CudaStatus.INVALID_VALUE.code(), free(gpu, context, address + 256));
        assertEquals(0, free(gpu, context, 0));
        assertEquals(CudaStatus.INVALID_VALUE.code(), allocate(gpu, context, 0));
        for (long bytes : new long[] {TestHost.DEVICE_BYTES + 1, Long.MAX_VALUE, -1}) {
            assertEquals(CudaStatus.OUT_OF_MEMORY.code(), allocate(gpu, context, bytes));
        }
    }

    @Test
    void handleAndAddressOfAnotherSessionMeanNothing() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 4096);
        gpu.write(context, 0, address, bytes(4096, 1));
        try (TestClient other = TestClient.open(connect())) {
            assertEquals(CudaStatus.INVALID_CONTEXT.code(), synchronize(other, context));
            long own = other.createContext();
            assertNotEquals(context, own);
            assertEquals(CudaStatus.INVALID_VALUE.code(), free(other, own, address));
            byte[] stolen = new byte[4096];
            assertEquals(CudaStatus.INVALID_VALUE.code(), other.read(own, 0, address, stolen));
            assertArrayEquals(new byte[4096], stolen);
        }
        assertArrayEquals(bytes(4096, 1), gpu.read(context, address, 4096));
    }
}
