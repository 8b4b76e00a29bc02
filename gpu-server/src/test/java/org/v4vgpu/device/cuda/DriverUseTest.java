package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.HostRows;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** What the stand-in driver sees: what is left behind, and how many events are lent. */
final class DriverUseTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);
    private static final LaunchShape ONE_THREAD = new LaunchShape(1, 1, 1, 1, 1, 1, 0);

    @BeforeAll
    static void needsTheStandIn() {
        assumeTrue(StandIn.isDriver(), "runs on the stand-in driver");
    }

    @Test
    void leavesNothingBehind() throws Exception {
        try (CudaDevice device = CudaDevice.open(0, _ -> {})) {
            DeviceContext context = device.createContext(0);
            useEverything(context);
            assertTrue(StandIn.counts().containsKey("memory"));
            context.close();
            assertEquals(Map.of(), StandIn.counts());
        }
    }

    private static void useEverything(DeviceContext context) throws Exception {
        long address = context.allocate(4096);
        DeviceStream stream = context.createStream(0, 0);
        DeviceModule module = context.loadModule(Kernels.file("devfunc.ptx"));
        module.global("counter");
        DeviceModule store = context.loadModule(Kernels.image(Kernels.STORE));
        DeviceFunction function = store.function("store");
        DeviceEvent event = context.createEvent(0);
        stream.launch(function, ONE_THREAD, Kernels.parameters(function, address));
        stream.record(event);
        CountDownLatch reached = new CountDownLatch(1);
        DeviceHold hold = stream.hold(reached::countDown);
        assertTrue(reached.await(10, TimeUnit.SECONDS));
        DeviceCopy copy = context.defaultStream().copyIn(address, 10); // stays open, as that of a client that died
        assertTrue(!copy.await(0));
        hold.close();
        assertTrue(copy.await(LONG));
        copy.transfer(0, MemorySegment.ofArray(new byte[10]));
    }

    @Test
    void takesItsEventsBack() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            long address = context.allocate(4096);
            DeviceEvent event = context.createEvent(0);
            for (int i = 0; i < 5000; i++) {
                context.defaultStream().fill(address, 1, i, 16);
                context.defaultStream().record(event);
                assertTrue(context.defaultStream().await(LONG));
                assertTrue(context.await(LONG));
                assertTrue(event.isDone());
            }
            int events = StandIn.counts().getOrDefault("event", 0);
            assertTrue(events < 20, () -> events + " events for one stream");
        }
    }

    @Test
    void destroysStreamsAndModulesWhenTheirClientDoes() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            for (int i = 0; i < 50; i++) {
                DeviceStream stream = context.createStream(i % 2, 0);
                DeviceModule module = context.loadModule(Kernels.image(Kernels.STORE));
                stream.fill(context.allocate(16), 1, 1, 16);
                stream.close();
                module.close();
            }
            assertTrue(context.await(LONG));
            assertEquals(1, StandIn.counts().get("stream"), "the default stream is left");
            assertEquals(null, StandIn.counts().get("module"));
        }
    }

    @Test
    void refusesImagesThatLeadBeyondTheirEnd() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            byte[] elf = new byte[64];
            elf[0] = 0x7f;
            elf[1] = 'E';
            elf[2] = 'L';
            elf[3] = 'F';
            elf[4] = 2;
            elf[18] = (byte) 190;
            elf[40] = 32; // one section header, at an offset that it does not fit behind
            elf[58] = 64;
            elf[60] = 1;
            assertInvalid(context, elf);
            byte[] fatbin = {0x50, (byte) 0xed, 0x55, (byte) 0xba, 1, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0};
            assertInvalid(context, fatbin);
        }
    }

    private static void assertInvalid(DeviceContext context, byte[] image) {
        DeviceException thrown =
                assertThrows(DeviceException.class, () -> context.loadModule(MemorySegment.ofArray(image)));
        assertEquals(CudaStatus.INVALID_IMAGE, thrown.status(), thrown.getMessage());
        assertTrue(String.valueOf(thrown.getMessage()).contains("ends before"), thrown.getMessage());
    }

    @Test
    void copiesRowsOfRegisteredMemoryWhenTheStreamComesThere() throws DeviceException {
        try (Arena arena = Arena.ofShared();
                CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            MemorySegment host = arena.allocate(8192, 4096);
            DeviceStream stream = context.createStream(1, 0);
            long address = context.allocate(1000);
            stream.fill(address, 1, 7, 1000);
            HostRows rows = new HostRows(host, 100, address, 200, 50, 3, true);
            assertFalse(stream.copy(rows), "the memory is not registered");
            try (DeviceRegion _ = device.register(host)) {
                DeviceHold hold = stream.hold(() -> {});
                assertTrue(stream.copy(rows));
                assertEquals(0, host.get(ValueLayout.JAVA_BYTE, 0), "the stream is held");
                hold.close();
                assertTrue(stream.await(LONG));
                assertEquals(7, host.get(ValueLayout.JAVA_BYTE, 249));
                assertEquals(0, host.get(ValueLayout.JAVA_BYTE, 250));
                host.fill((byte) 9);
                assertTrue(stream.copy(new HostRows(host, 100, address, 200, 50, 3, false)));
                assertTrue(stream.await(LONG));
                byte[] back = new byte[451];
                try (DeviceCopy copy = stream.copyOut(address, back.length)) {
                    assertTrue(copy.await(LONG));
                    copy.transfer(0, MemorySegment.ofArray(back));
                }
                assertEquals(
                        List.of(9, 7, 9, 9, 7),
                        List.of(back[49], back[50], back[200], back[449], back[450]).stream()
                                .map(Byte::intValue)
                                .toList());
                try (DeviceContext other = device.createContext(0)) {
                    long there = other.allocate(100);
                    assertFalse(
                            other.defaultStream().copy(new HostRows(host, 100, there, 100, 100, 1, true)),
                            "another context has registered it, and may go before");
                }
            }
        }
    }

    /** As a program's loop of cuMemAllocAsync, launch, cuMemFreeAsync wants it: the next round's memory is the last one's, and nobody waits. */
    @Test
    void allocatesInTheOrderOfItsStream() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            long most = context.memoryInfo().freeBytes() / 8 * 5;
            DeviceStream stream = context.createStream(1, 0);
            DeviceStream other = context.createStream(1, 0);
            long before = context.usedBytes();
            long flag = context.allocate(4);
            stream.fill(flag, 4, 0, 1);
            DeviceFunction function =
                    context.loadModule(Kernels.image(Kernels.ENDLESS)).function("endless");
            stream.launch(function, ONE_THREAD, Kernels.parameters(function, flag));
            long first = context.allocate(most, stream);
            stream.fill(first, 1, 1, most);
            context.free(first, stream);
            assertThrows(DeviceException.class, () -> context.free(first, stream), "freed twice");
            assertThrows(DeviceException.class, () -> stream.fill(first, 1, 1, 1));
            assertThrows(DeviceException.class, () -> context.allocate(most, other), "still in use, in that stream");
            assertThrows(DeviceException.class, () -> context.allocate(most));
            assertEquals(first, context.allocate(most, stream), "behind its use in that stream");
            context.free(first, stream);
            assertTrue(context.isFreeing(System.nanoTime()));
            other.fill(flag, 4, 1, 1); // ends the kernel
            assertTrue(context.await(LONG));
            assertFalse(context.isFreeing(System.nanoTime()));
            long plain = context.allocate(most); // the pool gives back what it has in reserve
            context.free(plain, stream);
            assertTrue(context.await(LONG));
            context.free(context.allocate(most, other));
            assertTrue(context.await(LONG));
            assertTrue(context.memoryInfo().freeBytes() >= most);
            assertEquals(null, StandIn.counts().get("reserve"));
            context.allocate(100, other); // goes with the context
            assertTrue(context.usedBytes() > before);
        }
        assertEquals(Map.of(), StandIn.counts());
    }

    @Test
    void freesInStreamOrderBehindAHold() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            DeviceStream stream = context.createStream(1, 0);
            long used = context.usedBytes();
            DeviceHold hold = stream.hold(() -> {});
            long address = context.allocate(1000, stream);
            stream.fill(address, 1, 1, 1000);
            context.free(address, stream);
            assertEquals(used + 1000, context.usedBytes(), "it is in use");
            hold.close();
            assertTrue(context.await(LONG));
            assertEquals(used, context.usedBytes());
        }
        assertEquals(Map.of(), StandIn.counts());
    }

    /** The driver writes what was printed when it is called to synchronise. */
    @Test
    void synchronizesWhereKernelsMayPrint() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            int before = StandIn.synchronizations();
            context.loadModule(Kernels.image(Kernels.STORE));
            assertTrue(context.printed().isEmpty());
            assertEquals(before, StandIn.synchronizations());
            context.loadModule(Kernels.image(
                    Kernels.STORE.replace(".visible", ".extern .func (.param .b32 r) vprintf ();\n.visible")));
            assertTrue(context.printed().isEmpty());
            assertEquals(before + 1, StandIn.synchronizations());
            try (DeviceHold _ = context.defaultStream().hold(() -> {})) {
                assertTrue(context.printed().isEmpty());
                assertEquals(before + 1, StandIn.synchronizations(), "it would wait for what is held");
            }
        }
    }

    /** Else the driver would wait for it, and with it a lane that can't look after its client. */
    @Test
    void nothingIsEnqueuedWhileTheDriverSynchronizes() throws Exception {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                CudaContext context = (CudaContext) device.createContext(0)) {
            long address = context.allocate(16);
            FutureTask<Boolean> enqueuing = new FutureTask<>(() -> {
                context.defaultStream().fill(address, 1, 1, 16);
                return true;
            });
            Thread other = Thread.ofPlatform().unstarted(enqueuing);
            context.order().callIfIdle(() -> {
                other.start();
                while (other.getState() != Thread.State.WAITING && other.isAlive()) {
                    Thread.onSpinWait();
                }
                assertFalse(enqueuing.isDone());
            });
            assertTrue(enqueuing.get(10, TimeUnit.SECONDS));
        }
    }

    /** Else a later mapping at the same address could not be registered. */
    @Test
    void takesRegisteredMemoryBackFromABrokenContext() throws DeviceException {
        try (Arena arena = Arena.ofShared();
                CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            MemorySegment host = arena.allocate(8192, 4096);
            long address = context.allocate(100);
            DeviceRegion region = device.register(host);
            assertTrue(context.defaultStream().copy(new HostRows(host, 100, address, 100, 100, 1, false)));
            assertEquals(1, StandIn.counts().get("registration"));
            context.cancel();
            region.close();
            assertEquals(null, StandIn.counts().get("registration"));
        }
    }

    @Test
    void setsSharedMemoryAndLaunchesCooperatively() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            DeviceFunction store =
                    context.loadModule(Kernels.image(Kernels.STORE)).function("store");
            long address = context.allocate(4);
            MemorySegment parameters = Kernels.parameters(store, address);
            LaunchShape large = new LaunchShape(1, 1, 1, 1, 1, 1, 100_000);
            assertThrows(DeviceException.class, () -> context.defaultStream().launch(store, large, parameters));
            store.setMaxDynamicShared(100_000);
            assertEquals(100_000, store.attributes().get(8));
            context.defaultStream().launchCooperatively(store, large, parameters);
            byte[] word = new byte[4];
            try (DeviceCopy copy = context.defaultStream().copyOut(address, 4)) {
                assertTrue(copy.await(LONG));
                copy.transfer(0, MemorySegment.ofArray(word));
            }
            assertEquals(1, word[0]);
            assertThrows(DeviceException.class, () -> store.setMaxDynamicShared(1 << 20));
        }
    }

    @Test
    void linksSeveralTexts() throws DeviceException {
        try (CudaDevice device = CudaDevice.open(0, _ -> {});
                DeviceContext context = device.createContext(0)) {
            DeviceModule module = context.linkModule(List.of(Kernels.file("vecadd.ptx"), Kernels.image(Kernels.STORE)));
            assertEquals(4, module.function("vecadd").parameters().size());
            assertEquals(1, module.function("store").parameters().size());
        }
    }
}
