package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.*;
import org.v4vgpu.server.session.TestClient.Reply;
import org.v4vgpu.v4v.MessageChannel;

/** What a client may rely on, over any transport. The device has {@link TestHost#DEVICE_BYTES}. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ServerContract {
    private static final int WAITS = CallDescriptor.WAITS;
    private static final int LAST = CallDescriptor.LAST;

    private TestClient client = TestClient.silent(InJvmChannel.pair()[0]);

    /** A connection to the server under test. */
    abstract MessageChannel connect() throws IOException;

    /** Device memory in use, over all sessions. */
    abstract long usedBytes();

    @AfterEach
    void leave() {
        client.close();
    }

    private TestClient open() throws IOException {
        client = TestClient.open(connect());
        return client;
    }

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

    // ---- copies

    @Test
    void copiesOfAllSizesComeBack() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        int chunk = gpu.channel.maximumPayloadBytes();
        long address = gpu.allocate(context, 5L * chunk);
        for (int size : new int[] {0, 1, 7, 24, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 13, 5 * chunk}) {
            byte[] data = bytes(size, size);
            gpu.write(context, 0, address, data);
            assertArrayEquals(data, gpu.read(context, address, size), "size " + size);
        }
    }

    @Test
    void rejectedCopyIsDrainedAndToldOnce() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        int size = 3 * gpu.channel.maximumPayloadBytes() + 5;
        long address = gpu.allocate(context, size - 1);
        gpu.write(context, 0, address, bytes(size, 1));
        gpu.write(context, 99, address, bytes(size, 1));
        gpu.write(context, 0, address, bytes(16, 3));
        assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
        assertEquals(0, synchronize(gpu, context));
        assertArrayEquals(bytes(16, 3), gpu.read(context, address, 16));
    }

    @Test
    void copyThatWaitsAnswersItself() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 100_000);
        MemorySegment data = MemorySegment.ofArray(bytes(100_000, 4));
        assertEquals(
                0,
                gpu.call(Call.MEMCPY_HTOD, TestClient.toDevice(context, 0, address), data)
                        .status());
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(Call.MEMCPY_HTOD, TestClient.toDevice(context, 0, address + 1), data)
                        .status());
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void copyToHostBeyondAllocationFails() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 4096);
        assertEquals(CudaStatus.INVALID_VALUE.code(), gpu.read(context, 0, address, new byte[4097]));
        for (long bytes : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertEquals(
                    CudaStatus.INVALID_VALUE.code(),
                    gpu.call(Call.MEMCPY_DTOH, TestClient.fromDevice(context, 0, address, bytes))
                            .status());
        }
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void copiesWithinDeviceAndFills() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long from = gpu.allocate(context, 4096);
        long to = gpu.allocate(context, 4096);
        for (int elementBytes : new int[] {1, 2, 4}) {
            gpu.post(Call.MEMSET, fill(context, from, elementBytes, 0x01020304, 4096 / elementBytes));
            gpu.post(
                    Call.MEMCPY_DTOD,
                    MemcpyDtoDRequest.newBuilder()
                            .setContext(context)
                            .setSource(from)
                            .setDestination(to)
                            .setBytes(4096)
                            .build());
            byte[] expected = new byte[4096];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = (byte) (4 - i % elementBytes);
            }
            assertArrayEquals(expected, gpu.read(context, to, 4096));
        }
        for (MemsetRequest wrong : new MemsetRequest[] {
            fill(context, from, 3, 0, 1), fill(context, from, 0, 0, 1), fill(context, from, 4, 0, 1025),
            fill(context, from, 4, 0, -1), fill(context, from, 4, 0, Long.MAX_VALUE), fill(context, 0, 1, 0, 1)
        }) {
            gpu.post(Call.MEMSET, wrong);
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context), wrong::toString);
        }
    }

    // ---- late errors

    @Test
    void lateErrorComesOnceAndStopsTheCallThatReturnsIt() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        gpu.post(Call.MEMSET, fill(context, 0, 1, 0, 1)); // INVALID_VALUE
        gpu.post(
                Call.EVENT_RECORD,
                EventRecordRequest.newBuilder().setContext(context).build()); // INVALID_HANDLE
        long before = usedBytes();
        assertEquals(CudaStatus.INVALID_VALUE.code(), allocate(gpu, context, 1 << 20));
        assertEquals(before, usedBytes());
        assertEquals(0, allocate(gpu, context, 1 << 20));
    }

    @Test
    void releasingCallIsExecutedThoughItReturnsLateError() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long address = gpu.allocate(context, 4096);
        gpu.post(Call.MEMSET, fill(context, 0, 1, 0, 1));
        assertEquals(CudaStatus.INVALID_VALUE.code(), free(gpu, context, address));
        assertEquals(CudaStatus.INVALID_VALUE.code(), free(gpu, context, address)); // already free: its own error
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void lateErrorStaysWithItsLane() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        try (TestClient other = gpu.join(connect())) {
            gpu.post(Call.MEMSET, fill(context, 0, 1, 0, 1));
            assertEquals(0, synchronize(other, context));
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
            other.goodbye();
        }
    }

    @Test
    void oneWayCallThatWaitsIsAnswered() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(Call.MEMSET, fill(context, 0, 1, 0, 1)).status());
        assertEquals(0, synchronize(gpu, context));
    }

    // ---- streams and events

    @Test
    void streamsLiveAndDie() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long stream = gpu.expect(
                        Call.STREAM_CREATE,
                        StreamCreateRequest.newBuilder()
                                .setContext(context)
                                .setFlags(1)
                                .build())
                .getStream();
        long address = gpu.allocate(context, 4096);
        for (long handle : new long[] {0, 1, 2, stream}) {
            gpu.write(context, handle, address, bytes(4096, (int) handle));
            StreamQueryRequest query = StreamQueryRequest.newBuilder()
                    .setContext(context)
                    .setStream(handle)
                    .build();
            assertEquals(0, streamSynchronize(gpu, context, handle));
            assertEquals(0, gpu.call(Call.STREAM_QUERY, query).status());
            byte[] back = new byte[4096];
            assertEquals(0, gpu.read(context, handle, address, back));
            assertArrayEquals(bytes(4096, (int) handle), back);
        }
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(
                                Call.STREAM_CREATE,
                                StreamCreateRequest.newBuilder()
                                        .setContext(context)
                                        .setFlags(8)
                                        .build())
                        .status());
        StreamDestroyRequest destroy = StreamDestroyRequest.newBuilder()
                .setContext(context)
                .setStream(stream)
                .build();
        gpu.expect(Call.STREAM_DESTROY, destroy);
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.STREAM_DESTROY, destroy).status());
        assertEquals(CudaStatus.INVALID_HANDLE.code(), streamSynchronize(gpu, context, stream));
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.STREAM_DESTROY,
                                StreamDestroyRequest.newBuilder()
                                        .setContext(context)
                                        .build())
                        .status());
    }

    @Test
    void streamOfAnotherContextIsRefused() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long stream = gpu.expect(
                        Call.STREAM_CREATE,
                        StreamCreateRequest.newBuilder().setContext(context).build())
                .getStream();
        long other = gpu.createContext();
        assertEquals(CudaStatus.INVALID_HANDLE.code(), streamSynchronize(gpu, other, stream));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), streamSynchronize(gpu, context, context));
    }

    @Test
    void eventsMarkTime() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long start = event(gpu, context);
        long end = event(gpu, context);
        EventElapsedTimeRequest elapsed = EventElapsedTimeRequest.newBuilder()
                .setContext(context)
                .setStart(start)
                .setEnd(end)
                .build();
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.EVENT_ELAPSED_TIME, elapsed).status());
        gpu.post(Call.EVENT_RECORD, record(context, start, 0));
        long address = gpu.allocate(context, 1 << 20);
        gpu.post(Call.MEMSET, fill(context, address, 1, 1, 1 << 20));
        gpu.post(Call.EVENT_RECORD, record(context, end, 0));
        gpu.expect(
                Call.EVENT_SYNCHRONIZE,
                EventSynchronizeRequest.newBuilder()
                        .setContext(context)
                        .setEvent(end)
                        .build());
        EventQueryRequest query =
                EventQueryRequest.newBuilder().setContext(context).setEvent(end).build();
        assertEquals(0, gpu.call(Call.EVENT_QUERY, query).status());
        assertTrue(gpu.expect(Call.EVENT_ELAPSED_TIME, elapsed).getMilliseconds() >= 0);
        gpu.post(
                Call.STREAM_WAIT_EVENT,
                StreamWaitEventRequest.newBuilder()
                        .setContext(context)
                        .setEvent(end)
                        .build());
        assertEquals(0, synchronize(gpu, context));
        EventDestroyRequest destroy = EventDestroyRequest.newBuilder()
                .setContext(context)
                .setEvent(end)
                .build();
        gpu.expect(Call.EVENT_DESTROY, destroy);
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.EVENT_DESTROY, destroy).status());
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.EVENT_QUERY, query).status());
        gpu.post(Call.EVENT_RECORD, record(context, end, 0));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
        assertEquals(
                CudaStatus.NOT_SUPPORTED.code(),
                gpu.call(
                                Call.EVENT_CREATE,
                                EventCreateRequest.newBuilder()
                                        .setContext(context)
                                        .setFlags(4)
                                        .build())
                        .status());
    }

    // ---- modules and launches

    @Test
    void loadsModuleAndLaunches() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        // Longer than a message, with the NUL that C programs leave at the end.
        String image = TestKernels.PTX + "//" + "x".repeat(2 * gpu.channel.maximumPayloadBytes()) + "\n\0";
        Reply<ModuleLoadDataReply> loaded = TestKernels.load(gpu, context, image, 1000);
        assertEquals(0, loaded.status(), () -> loaded.message().getErrorLog());
        long module = loaded.message().getModule();
        ModuleGetFunctionReply scale = TestKernels.function(gpu, module, "scale");
        assertEquals(2, scale.getParametersCount());
        assertEquals(8, scale.getParameters(1).getOffset());
        assertEquals(4, scale.getParameters(1).getBytes());
        assertFalse(scale.getAttributesMap().isEmpty());
        assertEquals(
                scale.getFunction(), TestKernels.function(gpu, module, "scale").getFunction());
        ModuleGetGlobalReply factor = gpu.expect(
                Call.MODULE_GET_GLOBAL,
                ModuleGetGlobalRequest.newBuilder()
                        .setModule(module)
                        .setName("factor")
                        .build());
        assertEquals(4, factor.getBytes());

        int count = 1000;
        long address = gpu.allocate(context, 4L * count);
        gpu.post(Call.MEMSET, fill(context, address, 4, 5, count));
        gpu.write(context, 0, factor.getAddress(), new byte[] {7, 0, 0, 0});
        gpu.send(
                Call.LAUNCH_KERNEL,
                0,
                TestKernels.launch(context, scale.getFunction(), 8, 128),
                TestKernels.scaleParameters(address, count));
        byte[] expected = new byte[4 * count];
        for (int i = 0; i < count; i++) {
            expected[4 * i] = 35;
        }
        assertArrayEquals(expected, gpu.read(context, address, 4 * count));
    }

    @Test
    void wrongLaunchesAreLateErrors() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long scale = TestKernels.function(gpu, TestKernels.load(gpu, context), "scale")
                .getFunction();
        long address = gpu.allocate(context, 4096);
        MemorySegment parameters = TestKernels.scaleParameters(address, 1);
        for (int[] shape : new int[][] {{1, 1025}, {0, 1}, {1, 0}, {-1, 1}, {1, -1}, {1, Integer.MIN_VALUE}}) {
            gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, scale, shape[0], shape[1]), parameters);
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context), () -> Arrays.toString(shape));
        }
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, scale, 1, 1), parameters.asSlice(0, 8));
        assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
        MemorySegment tooLong = MemorySegment.ofArray(new byte[Limits.MAXIMUM_PARAMETER_BYTES + 1]);
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, scale, 1, 1), tooLong);
        assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
        long other = gpu.createContext();
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(other, scale, 1, 1), parameters);
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void errorsSayWhatWentWrong() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long module = TestKernels.load(gpu, context);
        long scale = TestKernels.function(gpu, module, "scale").getFunction();
        long poke = TestKernels.function(gpu, module, "poke").getFunction();
        assertEquals(
                "no kernel skale; the module has [scale, poke, endless]",
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(module)
                                        .setName("skale")
                                        .build())
                        .text());
        Call<CtxSynchronizeRequest, ?> synchronize = Call.CTX_SYNCHRONIZE;
        CtxSynchronizeRequest request =
                CtxSynchronizeRequest.newBuilder().setContext(context).build();
        // Late, and once.
        gpu.send(
                Call.LAUNCH_KERNEL,
                0,
                TestKernels.launch(context, scale, 1, 1025),
                TestKernels.scaleParameters(gpu.allocate(context, 4096), 1));
        String late = gpu.call(synchronize, request).text();
        assertTrue(late.startsWith("an earlier LaunchKernel failed: scale: block 1025 x 1 x 1 exceeds"), late);
        assertEquals("", gpu.call(synchronize, request).text());
        // A fault, again and again, also in the place of a copy's payload.
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, poke, 1, 1), TestKernels.pokeParameters(0x7700L));
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    "illegal address 0x7700 (write of 4 bytes) in kernel poke, block (0,0,0), thread (0,0,0), PTX line 35;"
                            + " a null pointer plus 30464 bytes",
                    gpu.call(synchronize, request).text());
        }
        assertTrue(gpu.call(Call.MEMCPY_DTOH, TestClient.fromDevice(context, 0, 0x7700L, 4))
                .text()
                .contains("in kernel poke"));
    }

    @Test
    void faultBreaksItsContextAndNoOther() throws IOException {
        TestClient gpu = open();
        long broken = gpu.createContext();
        long sound = gpu.createContext();
        long poke =
                TestKernels.function(gpu, TestKernels.load(gpu, broken), "poke").getFunction();
        long address = gpu.allocate(sound, 4096);
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(broken, poke, 1, 1), TestKernels.pokeParameters(0x7700L));
        for (int i = 0; i < 3; i++) {
            assertEquals(CudaStatus.ILLEGAL_ADDRESS.code(), synchronize(gpu, broken));
            gpu.post(Call.MEMSET, fill(broken, address, 1, 0, 1));
            assertEquals(0, synchronize(gpu, sound));
        }
        assertEquals(CudaStatus.ILLEGAL_ADDRESS.code(), allocate(gpu, broken, 4096));
        gpu.expect(
                Call.CTX_DESTROY,
                CtxDestroyRequest.newBuilder().setContext(broken).build());
        assertArrayEquals(new byte[16], gpu.read(sound, fresh(gpu, sound, address), 16));
    }

    private static long fresh(TestClient gpu, long context, long address) throws IOException {
        gpu.post(Call.MEMSET, fill(context, address, 1, 0, 16));
        return address;
    }

    @Test
    void unloadedModuleTakesItsFunctionsWithIt() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long module = TestKernels.load(gpu, context);
        long poke = TestKernels.function(gpu, module, "poke").getFunction();
        assertEquals(
                CudaStatus.NOT_FOUND.code(),
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(module)
                                        .setName("f")
                                        .build())
                        .status());
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(module)
                                        .build())
                        .status());
        ModuleUnloadRequest unload =
                ModuleUnloadRequest.newBuilder().setModule(module).build();
        gpu.expect(Call.MODULE_UNLOAD, unload);
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.MODULE_UNLOAD, unload).status());
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, poke, 1, 1), TestKernels.pokeParameters(0));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
    }

    @Test
    void refusedModuleTellsWhy() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        String newer = TestKernels.PTX.replace(".version 7.0", ".version 99.0");
        String unsupported = TestKernels.PTX.replace("mov.u32 %r1, 1;", "wgmma.fence.sync.aligned;");
        assertEquals(
                CudaStatus.UNSUPPORTED_PTX_VERSION.code(),
                TestKernels.load(gpu, context, newer, 0).status());
        Reply<ModuleLoadDataReply> reply = TestKernels.load(gpu, context, unsupported, 1000);
        assertNotEquals(0, reply.status());
        assertTrue(
                reply.message().getErrorLog().contains("wgmma"),
                () -> reply.message().getErrorLog());
        assertEquals(
                7,
                TestKernels.load(gpu, context, unsupported, 7)
                        .message()
                        .getErrorLog()
                        .length());
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void streamIsBusyWhileKernelRuns() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long endless = TestKernels.function(gpu, TestKernels.load(gpu, context), "endless")
                .getFunction();
        long event = event(gpu, context);
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, endless, 1, 1), TestClient.NOTHING);
        gpu.post(Call.EVENT_RECORD, record(context, event, 0));
        assertEquals(
                CudaStatus.NOT_READY.code(),
                gpu.call(
                                Call.STREAM_QUERY,
                                StreamQueryRequest.newBuilder()
                                        .setContext(context)
                                        .build())
                        .status());
        assertEquals(
                CudaStatus.NOT_READY.code(),
                gpu.call(
                                Call.EVENT_QUERY,
                                EventQueryRequest.newBuilder()
                                        .setContext(context)
                                        .setEvent(event)
                                        .build())
                        .status());
        gpu.close(); // without goodbye: the kernel is cancelled
        client = TestClient.open(connect());
        long start = System.nanoTime();
        while (usedBytes() > 0 || client.serverStatus().getSessionsCount() > 0) {
            assertTrue(System.nanoTime() - start < 1_000_000_000L, "the kernel outlives its client");
        }
    }

    @Test
    void refusesWhatIsNoModule() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        ModuleLoadDataRequest request = ModuleLoadDataRequest.newBuilder()
                .setContext(context)
                .setErrorLogBytes(1000)
                .build();
        byte[] image = new byte[3 * gpu.channel.maximumPayloadBytes() + 1];
        Arrays.fill(image, (byte) 'x');
        Reply<ModuleLoadDataReply> reply = gpu.call(Call.MODULE_LOAD_DATA, request, MemorySegment.ofArray(image));
        assertNotEquals(0, reply.status());
        assertFalse(reply.message().getErrorLog().isEmpty());
        assertEquals(0, reply.message().getModule());
        assertEquals(0, synchronize(gpu, context));
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(7)
                                        .setName("f")
                                        .build())
                        .status());
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.MODULE_UNLOAD,
                                ModuleUnloadRequest.newBuilder()
                                        .setModule(context)
                                        .build())
                        .status());
        gpu.send(
                Call.LAUNCH_KERNEL,
                0,
                LaunchKernelRequest.newBuilder()
                        .setContext(context)
                        .setFunction(7)
                        .build(),
                MemorySegment.ofArray(new byte[24]));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
    }

    @Test
    void moduleImageBeyondTheLimitIsDrained() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        ModuleLoadDataRequest request =
                ModuleLoadDataRequest.newBuilder().setContext(context).build();
        MemorySegment image = MemorySegment.ofArray(new byte[(int) Limits.MAXIMUM_MODULE_BYTES + 1]);
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(Call.MODULE_LOAD_DATA, request, image).status());
        assertEquals(0, synchronize(gpu, context));
    }

    // ---- hostile clients

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

    private static void first(TestClient gpu, Call<?, ?> call, int flags, long sequence, long announced, int bytes)
            throws IOException {
        gpu.channel.send(
                gpu.encoder().request(call, flags, sequence, announced, CtxSynchronizeRequest.getDefaultInstance()),
                payload(bytes));
    }

    private static MemorySegment payload(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    // ---- short forms

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

    private static int allocate(TestClient gpu, long context, long bytes) throws IOException {
        return status(
                gpu,
                Call.MEM_ALLOC,
                MemAllocRequest.newBuilder().setContext(context).setBytes(bytes).build());
    }

    private static int free(TestClient gpu, long context, long address) throws IOException {
        return status(
                gpu,
                Call.MEM_FREE,
                MemFreeRequest.newBuilder()
                        .setContext(context)
                        .setAddress(address)
                        .build());
    }

    private static <Q extends MessageLite> int status(TestClient gpu, Call<Q, ?> call, Q request) throws IOException {
        return gpu.call(call, request).status();
    }
}
