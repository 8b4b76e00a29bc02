package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.ErrorsOf.assertStatus;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.proto.CudaStatus;

/** The nouns of the Java API, end to end over both transports; programs and processes are in {@code JCudaProgramsIT}. */
@Timeout(60)
@ParameterizedClass
@ValueSource(strings = {"v4v", "tcp"})
final class RemoteGpuTest {
    private final String transport;

    private static final int WARP_SIZE = 10;

    private TestServer server;
    private RemoteGpu gpu;
    private RemoteContext context;

    RemoteGpuTest(String transport) {
        this.transport = transport;
    }

    @BeforeEach
    void connect() throws IOException {
        server = TestServer.on(transport);
        gpu = server.connect();
        context = gpu.device(0).createContext();
    }

    @AfterEach
    void disconnect() {
        gpu.close();
        server.close();
    }

    @Test
    void tellsOfItsDevices() {
        RemoteDevice device = gpu.devices().getFirst();
        assertFalse(device.name().isEmpty());
        assertEquals(TestServer.DEVICE_BYTES, device.totalBytes());
        assertEquals(32, device.attribute(WARP_SIZE));
        assertNull(device.attribute(100_000));
        assertTrue(gpu.driverVersion() >= 11_000);
        MemoryInfo info = context.memoryInfo();
        assertTrue(info.freeBytes() > 0 && info.freeBytes() <= info.totalBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4095, 99_999, 100_000, 100_001, 1 << 20, 5_000_003})
    void carriesBytesThereAndBack(int bytes) {
        byte[] source = new byte[bytes];
        new Random(bytes).nextBytes(source);
        try (DeviceMemory memory = context.allocate(bytes)) {
            memory.copyFrom(source);
            byte[] back = new byte[bytes];
            memory.copyTo(back);
            assertArrayEquals(source, back);
        }
    }

    @Test
    void takesTheBytesBeforeItReturns() {
        byte[] source = new byte[3_000_000];
        Arrays.fill(source, (byte) 1);
        try (DeviceMemory memory = context.allocate(source.length)) {
            memory.copyFrom(source);
            Arrays.fill(source, (byte) 2);
            byte[] back = new byte[source.length];
            memory.copyTo(back);
            Arrays.fill(source, (byte) 1);
            assertArrayEquals(source, back);
        }
    }

    @Test
    void carriesEveryKindOfArray() {
        try (DeviceMemory memory = context.allocate(64)) {
            long[] longs = {1, -2, Long.MAX_VALUE};
            memory.copyFrom(longs);
            long[] longsBack = new long[3];
            memory.copyTo(longsBack);
            assertArrayEquals(longs, longsBack);
            double[] doubles = {1.5, -0.0, Double.NaN};
            memory.copyFrom(doubles);
            double[] doublesBack = new double[3];
            memory.copyTo(doublesBack);
            assertArrayEquals(doubles, doublesBack);
            float[] floats = {1.5f, 3, Float.MIN_VALUE};
            memory.copyFrom(floats);
            float[] floatsBack = new float[3];
            memory.copyTo(floatsBack);
            assertArrayEquals(floats, floatsBack);
            int[] ints = {7, -8};
            memory.copyFrom(ints);
            int[] intsBack = new int[2];
            memory.copyTo(intsBack);
            assertArrayEquals(ints, intsBack);
            short[] shorts = {7, -8};
            memory.copyFrom(shorts);
            short[] shortsBack = new short[2];
            memory.copyTo(shortsBack);
            assertArrayEquals(shorts, shortsBack);
            char[] chars = {'a', 'z'};
            memory.copyFrom(chars);
            char[] charsBack = new char[2];
            memory.copyTo(charsBack);
            assertArrayEquals(chars, charsBack);
        }
    }

    @Test
    void carriesNativeSegmentsAndWaitsOnDemand() {
        try (Arena arena = Arena.ofConfined();
                DeviceMemory memory = context.allocate(400_000)) {
            MemorySegment source = arena.allocate(400_000);
            for (long i = 0; i < 100_000; i++) {
                source.setAtIndex(ValueLayout.JAVA_INT, i, (int) i);
            }
            memory.copyFromAndWait(source);
            MemorySegment back = arena.allocate(400_000);
            memory.copyTo(back);
            assertEquals(-1, source.mismatch(back));
        }
    }

    @Test
    void slicesFillAndCopyOnTheDevice() {
        try (DeviceMemory a = context.allocate(40);
                DeviceMemory b = context.allocate(40)) {
            a.fill(0x01020304);
            a.slice(4, 4).fill((byte) 9);
            a.slice(8, 8).fill((short) -1);
            b.fill((byte) 0);
            b.slice(8, 12).copyFrom(a.slice(4, 12));
            int[] ints = new int[10];
            b.copyTo(ints);
            assertArrayEquals(new int[] {0, 0, 0x09090909, -1, -1, 0, 0, 0, 0, 0}, ints);
        }
    }

    /** The example of RemoteGpu's documentation. */
    @Test
    void runsAKernel() {
        int n = 10_000;
        float[] xs = new float[n];
        float[] ys = new float[n];
        Arrays.fill(xs, 40);
        Arrays.fill(ys, 2);
        float[] sums = new float[n];
        try (RemoteModule module = context.loadModule(TestServer.KERNELS.resolve("vecadd.ptx"));
                DeviceMemory x = context.allocate(4L * n);
                DeviceMemory y = context.allocate(4L * n);
                DeviceMemory sum = context.allocate(4L * n)) {
            x.copyFrom(xs);
            y.copyFrom(ys);
            module.function("vecadd").launch(Dim3.of((n + 255) / 256), Dim3.of(256), x, y, sum, n);
            sum.copyTo(sums);
        }
        Arrays.fill(xs, 42);
        assertArrayEquals(xs, sums);
    }

    @Test
    void passesStructsAndReachesVariables() {
        try (RemoteModule module = context.loadModule(TestServer.KERNELS.resolve("devfunc.ptx"));
                DeviceMemory in = context.allocate(32);
                DeviceMemory out = context.allocate(32)) {
            RemoteFunction function = module.function("devfunc");
            assertSame(function, module.function("devfunc"));
            assertEquals(4, function.parameters().count());
            assertEquals(20, function.parameters().size(0));
            assertEquals(24, function.parameters().offset(1));
            DeviceMemory coefficients = module.global("coef");
            assertEquals(32, coefficients.byteSize());
            coefficients.copyFrom(new float[] {1, 1, 1, 1, 1, 1, 1, 1});
            float[] numbers = new float[8];
            in.copyFrom(numbers);
            MemorySegment struct = MemorySegment.ofArray(new byte[20]);
            struct.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 3f);
            function.launch(Dim3.of(1), Dim3.of(8), struct, in, out, 8);
            out.copyTo(numbers);
            // With in = 0 the polynomial is its last coefficient, 1 * 3; plus fib(i).
            assertArrayEquals(new float[] {3, 4, 4, 5, 6, 8, 11, 16}, numbers);
            int[] counter = new int[1];
            module.global("counter").copyTo(counter);
            assertEquals(1, counter[0]);
        }
    }

    @Test
    void ordersStreamsByEventsAndTimesThem() {
        try (RemoteStream stream = context.createStream();
                RemoteStream other = context.createStream(1, 0);
                RemoteEvent start = context.createEvent();
                RemoteEvent end = context.createEvent();
                DeviceMemory memory = context.allocate(4)) {
            start.record(stream);
            memory.copyFrom(MemorySegment.ofArray(new int[] {5}), stream);
            end.record(stream);
            other.waitFor(end);
            int[] value = new int[1];
            memory.copyTo(MemorySegment.ofArray(value), other);
            assertEquals(5, value[0]);
            end.synchronize();
            assertTrue(end.isDone());
            assertTrue(end.millisSince(start) >= 0);
            stream.synchronize();
            assertTrue(stream.isDone());
            context.synchronize();
        }
    }

    @Test
    void givesEverythingBack() {
        long before = server.usedBytes();
        try (RemoteContext second = gpu.device(0).createContext()) {
            second.allocate(1 << 20);
            assertTrue(server.usedBytes() >= before + (1 << 20));
        }
        assertEquals(before, server.usedBytes());
        RemoteGpu other = server.connect();
        other.device(0).createContext().allocate(1 << 20);
        other.close();
        other.close();
        while (server.usedBytes()
                != before) { // the session ends behind the goodbye; the timeout says how long that may take
            Thread.onSpinWait();
        }
    }

    @Test
    void waitsForEveryCallWhenAskedTo() {
        try (RemoteGpu waiting = RemoteGpu.connect(server.address(), true);
                RemoteContext mine = waiting.device(0).createContext()) {
            RemoteModule module = mine.loadModule(TestServer.KERNELS.resolve("vecadd.ptx"));
            DeviceMemory memory = mine.allocate(4096);
            memory.copyFrom(new float[1024]);
            RemoteFunction vecadd = module.function("vecadd");
            vecadd.launch(Dim3.of(4), Dim3.of(256), memory, memory, memory, 1024);
            assertStatus(
                    CudaStatus.ILLEGAL_ADDRESS,
                    () -> vecadd.launch(Dim3.of(4), Dim3.of(256), 0L, memory, memory, 1024));
        }
    }

    @Test
    void numbersTheDevicesOfSeveralServers() throws IOException {
        try (TestServer second = TestServer.on(transport);
                RemoteGpu both = RemoteGpu.connect(server.address() + "," + second.address(), false)) {
            assertEquals(2, both.devices().size());
            assertEquals(1, both.device(1).ordinal());
            try (RemoteContext there = both.device(1).createContext();
                    DeviceMemory memory = there.allocate(1 << 20)) {
                memory.fill((byte) 1);
                there.synchronize();
                assertTrue(second.usedBytes() >= 1 << 20);
            }
        }
    }
}
