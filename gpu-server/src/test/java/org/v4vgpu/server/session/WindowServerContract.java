package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.LaunchHostFuncRequest;
import org.v4vgpu.proto.MemcpyWindowRequest;
import org.v4vgpu.proto.NextHostFuncRequest;
import org.v4vgpu.proto.SessionStatus;
import org.v4vgpu.proto.StreamQueryRequest;
import org.v4vgpu.proto.StreamSynchronizeRequest;
import org.v4vgpu.proto.WindowCloseRequest;
import org.v4vgpu.proto.WindowOpenReply;
import org.v4vgpu.proto.WindowOpenRequest;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.connection.V4vConnections;

/** Pinned memory of a client that the server has mapped, over each hypervisor that shares memory. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class WindowServerContract {
    static final V4vAddress ADDRESS = new V4vAddress(1, 4840);
    static final long QUOTA = 1 << 20;
    private static final int BYTES = 100_000;

    @TempDir
    Path directory;

    private final Device device =
            new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(TestHost.DEVICE_BYTES));
    private V4vHypervisor connecting;
    private GpuServer server;
    private TestClient gpu;
    private long context;
    private long memory;

    /** Becomes a domain, or a free one. */
    abstract V4vHypervisor open(int domain) throws IOException;

    @BeforeEach
    void start() throws IOException {
        LocalDomains.takeOwnership(open(1));
        connecting = open(V4vAddress.DOMAIN_ANY);
        server = GpuServer.start(
                List.of(device), List.of((ChannelAddress) ADDRESS), SessionLimits.DEFAULT.withWindowBytes(QUOTA));
        gpu = TestClient.open(connect());
        context = gpu.createContext();
        memory = gpu.allocate(context, BYTES);
    }

    @AfterEach
    void stop() {
        gpu.close();
        server.close();
        device.close();
        connecting.close();
        LocalDomains.closeAll();
    }

    private MessageChannel connect() throws IOException {
        return V4vConnections.connect(connecting, ADDRESS, 10_000_000_000L);
    }

    private Window share(long bytes) throws IOException {
        return gpu.channel.windowPartner().orElseThrow().share(bytes);
    }

    private WindowOpenReply openAtServer(long name, long bytes) throws IOException {
        return gpu.expect(
                Call.WINDOW_OPEN,
                WindowOpenRequest.newBuilder().setName(name).setBytes(bytes).build());
    }

    private long handle(Window window, long bytes) throws IOException {
        WindowOpenReply reply = openAtServer(window.name(), bytes);
        assertEquals("", reply.getRefusal());
        assertNotEquals(0, reply.getWindow());
        return reply.getWindow();
    }

    private int close(long handle) throws IOException {
        return gpu.call(
                        Call.WINDOW_CLOSE,
                        WindowCloseRequest.newBuilder().setWindow(handle).build())
                .status();
    }

    private MemcpyWindowRequest.Builder copy(long handle, long offset, long bytes, boolean toHost) {
        return MemcpyWindowRequest.newBuilder()
                .setContext(context)
                .setAddress(memory)
                .setWindow(handle)
                .setOffset(offset)
                .setBytes(bytes)
                .setToHost(toHost);
    }

    private void copyAndWait(MemcpyWindowRequest.Builder copy) throws IOException {
        gpu.expect(Call.MEMCPY_WINDOW, copy.setUntilDone(true).build());
    }

    private int synchronize() throws IOException {
        return ServerClients.synchronize(gpu, context);
    }

    private int streamSynchronize(long stream) throws IOException {
        return gpu.call(
                        Call.STREAM_SYNCHRONIZE,
                        StreamSynchronizeRequest.newBuilder()
                                .setContext(context)
                                .setStream(stream)
                                .build())
                .status();
    }

    private int streamQuery(long stream) throws IOException {
        return gpu.call(
                        Call.STREAM_QUERY,
                        StreamQueryRequest.newBuilder()
                                .setContext(context)
                                .setStream(stream)
                                .build())
                .status();
    }

    private SessionStatus status() throws IOException {
        return gpu.serverStatus().getSessions(0);
    }

    @Test
    void carriesBytesBothWays() throws IOException {
        byte[] bytes = new byte[BYTES];
        new Random(3).nextBytes(bytes);
        try (Window window = share(2 * BYTES)) {
            long handle = handle(window, 2 * BYTES);
            window.memory().asSlice(16, BYTES).copyFrom(MemorySegment.ofArray(bytes));
            copyAndWait(copy(handle, 16, BYTES, false));
            assertArrayEquals(bytes, gpu.read(context, memory, BYTES));
            gpu.post(Call.MEMCPY_WINDOW, copy(handle, BYTES, BYTES, true).build());
            assertEquals(0, synchronize());
            assertArrayEquals(bytes, window.memory().asSlice(BYTES, BYTES).toArray(ValueLayout.JAVA_BYTE));
            assertEquals(0, close(handle));
        }
    }

    @Test
    void carriesRows() throws IOException {
        try (Window window = share(BYTES)) {
            long handle = handle(window, BYTES);
            for (int i = 0; i < BYTES; i++) {
                window.memory().set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7 / 5));
            }
            for (boolean waits : new boolean[] {false, true}) {
                gpu.write(context, 0, memory, new byte[BYTES]);
                gpu.expect(
                        Call.MEMCPY_WINDOW,
                        copy(handle, 100, 50, false)
                                .setFurtherRows(9)
                                .setWindowPitch(1000)
                                .setDevicePitch(64)
                                .setUntilDone(waits)
                                .build());
                byte[] there = gpu.read(context, memory, 640);
                byte[] expected = new byte[640];
                for (int row = 0; row < 10; row++) {
                    for (int i = 0; i < 50; i++) {
                        expected[64 * row + i] = (byte) ((100 + 1000 * row + i) * 7 / 5);
                    }
                }
                assertArrayEquals(expected, there);
                gpu.expect(
                        Call.MEMCPY_WINDOW,
                        copy(handle, 50_000, 50, true)
                                .setFurtherRows(9)
                                .setWindowPitch(50)
                                .setDevicePitch(64)
                                .setUntilDone(waits)
                                .build());
                assertEquals(0, synchronize());
                for (int row = 0; row < 10; row++) {
                    assertEquals(
                            expected[64 * row + 49], window.memory().get(ValueLayout.JAVA_BYTE, 50_049 + 50 * row));
                }
            }
        }
    }

    @Test
    void anAsynchronousCopyReadsTheWindowWhenItsStreamComesThere() throws IOException {
        long stream = ServerClients.nonBlockingStream(gpu, context);
        try (Window window = share(BYTES);
                TestClient other = gpu.join(connect())) {
            long handle = handle(window, BYTES);
            gpu.expect(
                    Call.LAUNCH_HOST_FUNC,
                    LaunchHostFuncRequest.newBuilder()
                            .setContext(context)
                            .setStream(stream)
                            .setFunction(1)
                            .build());
            window.memory().fill((byte) 1);
            gpu.post(
                    Call.MEMCPY_WINDOW,
                    copy(handle, 0, BYTES / 2, false).setStream(stream).build());
            gpu.post(
                    Call.MEMCPY_WINDOW,
                    copy(handle, BYTES / 2, BYTES / 2, true).setStream(stream).build());
            assertEquals(CudaStatus.NOT_READY.code(), streamQuery(stream), "the stream is held");
            window.memory().fill((byte) 2);
            assertEquals(
                    1,
                    other.expect(Call.NEXT_HOST_FUNC, NextHostFuncRequest.getDefaultInstance())
                            .getFunction());
            other.send(
                    Call.NEXT_HOST_FUNC,
                    CallDescriptor.WAITS,
                    NextHostFuncRequest.newBuilder().setDone(1).build(),
                    TestClient.NOTHING);
            assertEquals(0, streamSynchronize(stream));
            assertEquals(2, gpu.read(context, memory, 1)[0]);
            assertEquals(2, window.memory().get(ValueLayout.JAVA_BYTE, BYTES - 1));
        }
    }

    @Test
    void refusesCopiesBeyondTheWindowOrTheMemory() throws IOException {
        gpu.write(context, 0, memory, new byte[BYTES]);
        try (Window window = share(BYTES)) {
            long handle = handle(window, BYTES);
            window.memory().fill((byte) 9);
            long size = window.memory().byteSize();
            List<MemcpyWindowRequest.Builder> wrong = new ArrayList<>();
            for (boolean toHost : new boolean[] {true, false}) {
                for (long[] range : new long[][] {
                    {size, 1},
                    {size - 1, 2},
                    {0, size + 1},
                    {-1, 1},
                    {-8, 16},
                    {Long.MAX_VALUE, Long.MAX_VALUE},
                    {16, -1},
                    {0, Long.MIN_VALUE},
                    {Long.MIN_VALUE, 1},
                    {8, Long.MAX_VALUE - 4}
                }) {
                    wrong.add(copy(handle, range[0], range[1], toHost));
                }
                for (long[] rows : new long[][] {
                    {10, 9, 100},
                    {10, size / 10, 10},
                    {10, Long.MAX_VALUE, 10},
                    {10, -1, 10},
                    {10, -2, 10},
                    {10, Long.MAX_VALUE - 1, Long.MAX_VALUE},
                    {10, 1, -10},
                    {10, 2, Long.MIN_VALUE}
                }) {
                    wrong.add(copy(handle, size - 100, rows[0], toHost)
                            .setFurtherRows(rows[1])
                            .setWindowPitch(rows[2])
                            .setDevicePitch(10));
                    wrong.add(copy(handle, 0, rows[0], toHost)
                            .setFurtherRows(rows[1])
                            .setWindowPitch(10)
                            .setDevicePitch(rows[1] == 9 ? 1 << 20 : rows[2]));
                }
                wrong.add(copy(handle + 1, 0, 1, toHost));
                wrong.add(copy(0, 0, 1, toHost));
                wrong.add(copy(handle, 0, 1, toHost).setAddress(memory - 1));
                wrong.add(copy(handle, 0, BYTES, toHost).setAddress(memory + 1024));
                wrong.add(copy(handle, 0, 1, toHost).setAddress(12));
            }
            for (MemcpyWindowRequest.Builder each : wrong) {
                for (boolean waits : new boolean[] {true, false}) {
                    MemcpyWindowRequest request = each.setUntilDone(waits).build();
                    int status = gpu.call(Call.MEMCPY_WINDOW, request).status();
                    assertEquals(CudaStatus.INVALID_VALUE.code(), status, request::toString);
                }
            }
            assertArrayEquals(new byte[BYTES], gpu.read(context, memory, BYTES));
            assertEquals(9, window.memory().get(ValueLayout.JAVA_BYTE, size - 1));
            gpu.post(Call.MEMCPY_WINDOW, wrong.getFirst().setUntilDone(false).build());
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(), "told later");
            assertEquals(0, synchronize());
        }
    }

    @Test
    void refusesWindowsThatAreNoneOrTooLarge() throws IOException {
        try (Window window = share(4096)) {
            for (long[] lie : new long[][] {
                {window.name(), QUOTA},
                {window.name() + 1, 4096},
                {-1, 4096},
                {window.name(), 0},
                {window.name(), -4096},
                {window.name(), Long.MAX_VALUE},
                {1L << 40, 1}
            }) {
                WindowOpenReply reply = openAtServer(lie[0], lie[1]);
                assertEquals(0, reply.getWindow(), () -> Arrays.toString(lie));
                assertFalse(reply.getRefusal().isEmpty());
            }
        }
        assertEquals(0, status().getWindowBytes());
        assertEquals(CudaStatus.INVALID_VALUE.code(), close(1));
    }

    @Test
    void holdsToTheQuotaAndTellsItsUse() throws IOException {
        try (Window first = share(QUOTA / 2);
                Window second = share(QUOTA / 2);
                Window third = share(4096)) {
            long one = handle(first, QUOTA / 2);
            long two = handle(second, QUOTA / 2);
            assertEquals(QUOTA, status().getWindowBytes());
            WindowOpenReply refused = openAtServer(third.name(), 4096);
            assertEquals(0, refused.getWindow());
            assertTrue(refused.getRefusal().contains("may have"), refused.getRefusal());
            assertEquals(0, close(one));
            assertEquals(QUOTA / 2, status().getWindowBytes());
            handle(third, 4096);
            assertEquals(0, close(two));
            assertEquals(CudaStatus.INVALID_VALUE.code(), close(two));
            assertEquals(4096, status().getWindowBytes());
        }
    }

    @Test
    void aLostClientLeavesNothing() throws IOException {
        Window window = share(QUOTA / 2);
        handle(window, QUOTA / 2);
        gpu.close();
        long start = System.nanoTime();
        while (device.usedBytes() > 0 || mappedWindows() > 1) {
            assertTrue(System.nanoTime() - start < 1_000_000_000L, "the session's end takes long");
            Thread.onSpinWait();
        }
        window.memory().fill((byte) 1);
        window.close();
        gpu = TestClient.open(connect());
        try (Window whole = share(QUOTA)) {
            handle(whole, QUOTA);
        }
    }

    /** Mappings of windows in this process, on both sides, where they can be told; else 0. */
    abstract int mappedWindows() throws IOException;
}
