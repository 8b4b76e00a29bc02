package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.device.DeviceFixture.assertStatus;
import static org.v4vgpu.device.DeviceFixture.bytesAt;
import static org.v4vgpu.device.DeviceFixture.put;
import static org.v4vgpu.device.Kernels.parameters;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.CudaStatus;

/** Modules, launches, and what launches do to streams. */
interface LaunchContract extends DeviceFixture {
    LaunchShape ONE_THREAD = new LaunchShape(1, 1, 1, 1, 1, 1, 0);
    int THREADS = 256;

    @Test
    default void refusesImagesThatAreNoModules() {
        assertStatus(CudaStatus.INVALID_IMAGE, () -> context().loadModule(MemorySegment.ofArray(new byte[0])));
        assertStatus(CudaStatus.INVALID_IMAGE, () -> context().loadModule(MemorySegment.ofArray(new byte[100])));
        DeviceException thrown = assertStatus(
                CudaStatus.INVALID_PTX, () -> context().loadModule(Kernels.image("this is a sentence, no module")));
        assertTrue(String.valueOf(thrown.getMessage()).contains("1"), thrown.getMessage());
        assertStatus(
                CudaStatus.UNSUPPORTED_PTX_VERSION,
                () -> context().loadModule(Kernels.image(Kernels.STORE.replace("7.0", "99.0"))));
    }

    @Test
    default void findsWhatAModuleHas() throws DeviceException {
        long before = context().usedBytes();
        try (DeviceModule module = context().loadModule(Kernels.file("devfunc.ptx"))) {
            DeviceFunction function = module.function("devfunc");
            assertEquals("devfunc", function.name());
            assertEquals(4, function.parameters().size());
            assertEquals(
                    new DeviceFunction.Parameter(0, 20), function.parameters().getFirst());
            assertEquals(
                    new DeviceFunction.Parameter(24, 8), function.parameters().get(1));
            assertEquals(
                    new DeviceFunction.Parameter(40, 4), function.parameters().getLast());
            DeviceGlobal counter = module.global("counter");
            assertEquals(4, counter.bytes());
            put(stream(), counter.address(), new byte[] {1, 2, 3, 4});
            assertArrayEquals(new byte[] {1, 2, 3, 4}, bytesAt(stream(), counter.address(), 4));
            assertStatus(CudaStatus.INVALID_VALUE, () -> context().free(counter.address()));
            assertTrue(context().usedBytes() > before);
            assertStatus(CudaStatus.NOT_FOUND, () -> module.function("counter"));
            assertStatus(CudaStatus.NOT_FOUND, () -> module.function("devfunc2"));
            assertStatus(CudaStatus.NOT_FOUND, () -> module.global("devfunc"));
        }
        assertTrue(context().await(LONG));
        assertEquals(before, context().usedBytes());
    }

    @Test
    default void addsVectors() throws DeviceException {
        addsVectors(context(), stream(), 100_000);
        try (DeviceStream independent = independentStream()) {
            addsVectors(context(), independent, 1);
            addsVectors(context(), independent, 1000);
        }
    }

    /** Copies, adds and copies back in one stream, with no wait between. */
    static void addsVectors(DeviceContext context, DeviceStream stream, int count) throws DeviceException {
        byte[] a = new byte[count * 4];
        byte[] b = new byte[count * 4];
        byte[] sum = new byte[count * 4];
        for (int i = 0; i < count; i++) {
            little(a).putFloat(i * 4, i);
            little(b).putFloat(i * 4, 0.5f * i);
            little(sum).putFloat(i * 4, i + 0.5f * i);
        }
        long deviceA = context.allocate(a.length);
        long deviceB = context.allocate(b.length);
        long deviceC = context.allocate(sum.length);
        try (DeviceModule module = context.loadModule(Kernels.file("vecadd.ptx"))) {
            DeviceFunction function = module.function("vecadd");
            put(stream, deviceA, a);
            put(stream, deviceB, b);
            LaunchShape shape = new LaunchShape((count + THREADS - 1) / THREADS, 1, 1, THREADS, 1, 1, 0);
            stream.launch(function, shape, parameters(function, deviceA, deviceB, deviceC, count));
            assertArrayEquals(sum, bytesAt(stream, deviceC, sum.length));
        }
        context.free(deviceA);
        context.free(deviceB);
        context.free(deviceC);
    }

    @Test
    default void refusesLaunchesThatItNeverRuns() throws DeviceException {
        DeviceFunction function =
                context().loadModule(Kernels.image(Kernels.STORE)).function("store");
        MemorySegment parameters = parameters(function, context().allocate(4));
        Set<CudaStatus> either = Set.of(CudaStatus.INVALID_VALUE, CudaStatus.LAUNCH_OUT_OF_RESOURCES);
        for (LaunchShape shape : new LaunchShape[] {
            new LaunchShape(1, 1, 1, 1025, 1, 1, 0),
            new LaunchShape(1, 1, 1, 32, 33, 1, 0),
            new LaunchShape(1, 1, 1, 1, 1, 65, 0),
            new LaunchShape(1, 1, 1, 0, 1, 1, 0),
            new LaunchShape(0, 1, 1, 1, 1, 1, 0),
            new LaunchShape(-1, 1, 1, 1, 1, 1, 0),
            new LaunchShape(1, 65536, 1, 1, 1, 1, 0),
            new LaunchShape(1, 1, 1, 1, 1, 1, 1 << 24),
            new LaunchShape(1, 1, 1, 1, 1, 1, -1)
        }) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> stream().launch(function, shape, parameters));
            assertTrue(either.contains(thrown.status()), () -> shape + ": " + thrown.status());
        }
        assertStatus(CudaStatus.INVALID_VALUE, () -> stream().launch(function, ONE_THREAD, parameters.asSlice(0, 4)));
        assertTrue(context().await(LONG));
        stream().launch(function, ONE_THREAD, parameters);
        assertTrue(context().await(LONG));
    }

    @Test
    default void refusesFunctionsThatAreNotItsOwn() throws DeviceException {
        DeviceModule module = context().loadModule(Kernels.image(Kernels.STORE));
        DeviceFunction function = module.function("store");
        MemorySegment parameters = parameters(function, context().allocate(4));
        try (DeviceContext other = device().createContext(0)) {
            assertStatus(
                    CudaStatus.INVALID_HANDLE, () -> other.defaultStream().launch(function, ONE_THREAD, parameters));
        }
        module.close();
        assertStatus(CudaStatus.INVALID_HANDLE, () -> stream().launch(function, ONE_THREAD, parameters));
        assertStatus(CudaStatus.INVALID_HANDLE, () -> module.function("store"));
    }

    @Test
    default void takesTheParametersWhenItIsEnqueued() throws DeviceException {
        long address = context().allocate(4);
        stream().fill(address, 4, 0, 1);
        DeviceFunction function =
                context().loadModule(Kernels.image(Kernels.STORE)).function("store");
        MemorySegment parameters = parameters(function, address);
        DeviceCopy held = stream().copyIn(address, 4);
        stream().launch(function, ONE_THREAD, parameters);
        parameters.fill((byte) 0);
        held.close();
        assertEquals(1, little(bytesAt(stream(), address, 4)).getInt(0));
    }

    @Test
    default void launchReturnsWhileTheKernelRuns() throws DeviceException {
        long flag = context().allocate(4);
        stream().fill(flag, 4, 0, 1);
        DeviceFunction endless =
                context().loadModule(Kernels.image(Kernels.ENDLESS)).function("endless");
        DeviceEvent event = context().createEvent(0);
        try (DeviceStream stream = independentStream();
                DeviceStream other = independentStream()) {
            assertTrue(context().await(LONG));
            stream.launch(endless, ONE_THREAD, parameters(endless, flag));
            stream.record(event);
            assertFalse(stream.await(TICK));
            assertFalse(stream.isIdle());
            assertFalse(event.isDone());
            other.fill(flag, 4, 1, 1);
            assertTrue(stream.await(LONG), "the kernel sees what another stream writes");
            assertTrue(event.isDone());
        }
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
