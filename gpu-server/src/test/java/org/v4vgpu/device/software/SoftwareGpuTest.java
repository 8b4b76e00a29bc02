package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.KernelStatistics;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.SoftwareDeviceOptions.Check;
import org.v4vgpu.proto.CudaStatus;

/** The software device as a library, used as its documentation says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SoftwareGpuTest {
    private static final SoftwareDeviceOptions SMALL =
            SoftwareDeviceOptions.defaults().withTotalBytes(64 << 20);

    private static final String SCALE = """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .global .align 4 .f32 offset = 0f3F800000;

            .visible .entry scale(.param .u64 x, .param .f32 factor, .param .u32 n)
            {
                .reg .pred %p<2>;
                .reg .b32 %r<6>;
                .reg .f32 %f<5>;
                .reg .b64 %rd<4>;
                ld.param.u64 %rd1, [x];
                ld.param.f32 %f1, [factor];
                ld.param.u32 %r1, [n];
                mov.u32 %r2, %ctaid.x;
                mov.u32 %r3, %ntid.x;
                mov.u32 %r4, %tid.x;
                mad.lo.u32 %r5, %r2, %r3, %r4;
                setp.ge.u32 %p1, %r5, %r1;
                @%p1 bra DONE;
                mul.wide.u32 %rd2, %r5, 4;
                add.u64 %rd3, %rd1, %rd2;
                ld.global.f32 %f2, [%rd3];
                ld.global.f32 %f4, [offset];
                fma.rn.f32 %f3, %f1, %f2, %f4;
                st.global.f32 [%rd3], %f3;
            DONE:
                ret;
            }
            """;

    /** The example of the class's documentation. */
    @Test
    void scalesAnArray(@TempDir Path directory) throws DeviceException, IOException {
        Path file = Files.writeString(directory.resolve("scale.ptx"), SCALE);
        int n = 1000;
        float[] floats = new float[n];
        float[] expected = new float[n];
        for (int i = 0; i < n; i++) {
            floats[i] = i;
            expected[i] = 2 * i + 1;
        }
        try (SoftwareGpu gpu = SoftwareGpu.open();
                GpuMemory x = gpu.allocate(4L * n);
                GpuModule module = gpu.load(file)) {
            x.copyFrom(floats);
            module.function("scale").launch((n + 255) / 256, 256, x, 2.0f, n);
            x.copyTo(floats);
        }
        assertArrayEquals(expected, floats);
    }

    @Test
    void copiesArraysAndSegmentsOfAllKinds() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuMemory memory = gpu.allocate(64)) {
            memory.copyFrom(new byte[] {1, 2, 3, 4});
            int[] ints = new int[2];
            memory.copyTo(ints);
            assertArrayEquals(new int[] {0x04030201, 0}, ints);
            memory.copyFrom(new long[] {7, 8});
            memory.copyFrom(new int[] {9});
            long[] longs = new long[8];
            memory.copyTo(longs);
            assertArrayEquals(new long[] {9, 8, 0, 0, 0, 0, 0, 0}, longs);
            memory.copyFrom(new double[] {0.5});
            double[] doubles = new double[1];
            memory.copyTo(doubles);
            assertEquals(0.5, doubles[0]);
            memory.fill((byte) 3);
            byte[] bytes = new byte[64];
            memory.copyTo(bytes);
            assertEquals(3, bytes[63]);
            memory.copyFrom(MemorySegment.ofArray(new short[] {5}));
            memory.copyTo(MemorySegment.NULL);
            memory.copyTo(bytes);
            assertEquals(5, bytes[0]);
            assertEquals(
                    CudaStatus.INVALID_VALUE,
                    assertThrows(DeviceException.class, () -> memory.copyFrom(new byte[65]))
                            .status());
        }
    }

    @Test
    void setsVariablesOfModules() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuModule module = gpu.load(SCALE);
                GpuMemory x = gpu.allocate(4)) {
            GpuMemory offset = module.global("offset");
            assertEquals(4, offset.bytes());
            offset.copyFrom(new float[] {10});
            offset.close();
            module.function("scale").launch(1, 1, x, 2.0f, 1);
            float[] result = new float[1];
            x.copyTo(result);
            assertEquals(10, result[0]);
        }
    }

    @Test
    void refusesArgumentsThatDoNotFit() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuModule module = gpu.load(SCALE);
                GpuMemory x = gpu.allocate(4)) {
            GpuFunction scale = module.function("scale");
            assertEquals("scale", scale.name());
            for (Object[] wrong : new Object[][] {
                {x, 2.0f}, {x, 2.0, 1}, {x, 2.0f, "1"}, {1, 2.0f, 1}, {x, MemorySegment.ofArray(new byte[3]), 1}
            }) {
                String text =
                        String.valueOf(assertThrows(IllegalArgumentException.class, () -> scale.launch(1, 1, wrong))
                                .getMessage());
                assertTrue(text.contains("scale"), text);
            }
            MemorySegment factor = MemorySegment.ofArray(new byte[4]);
            factor.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, 1.0f);
            scale.launch(1, 1, x.address(), factor, 1);
            gpu.synchronize();
            DeviceException none = assertThrows(DeviceException.class, () -> module.function("skale"));
            assertEquals(CudaStatus.NOT_FOUND, none.status());
            assertEquals("no kernel skale; the module has [scale]", none.getMessage());
        }
    }

    @Test
    void faultsSayWhere() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuModule module = gpu.load(SCALE)) {
            GpuMemory x = gpu.allocate(256);
            DeviceException thrown = assertThrows(DeviceException.class, () -> {
                module.function("scale").launch(1, 128, x, 1f, 128); // may meet its own fault already
                gpu.synchronize();
            });
            assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
            String text = String.valueOf(thrown.getMessage());
            assertTrue(
                    text.contains(
                            "(read of 4 bytes) in kernel scale, block (0,0,0), thread (64,0,0), PTX line 23; 0 bytes"
                                    + " past the end of the 256-byte allocation"),
                    text);
        }
    }

    @Test
    void checksCanBeTurnedOn() throws DeviceException {
        String ptx = """
                .version 7.0
                .target sm_75
                .address_size 64
                .visible .entry k() { .reg .b32 %r<2>; .shared .align 4 .b8 s[64]; ld.shared.u32 %r1, [s]; ret; }
                """;
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL.withChecks(Set.of(Check.MEMORY)))) {
            GpuModule module = gpu.load(ptx);
            DeviceException thrown = assertThrows(DeviceException.class, () -> {
                module.function("k").launch(1, 1); // may meet its own fault already
                gpu.synchronize();
            });
            assertTrue(String.valueOf(thrown.getMessage()).startsWith("read of uninitialised shared memory at 0x0"));
        }
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL)) {
            gpu.load(ptx).function("k").launch(1, 1);
            gpu.synchronize();
        }
    }

    @Test
    void countsLaunches() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuModule module = gpu.load(SCALE);
                GpuMemory x = gpu.allocate(4096)) {
            assertEquals(List.of(), gpu.statistics());
            GpuFunction scale = module.function("scale");
            for (int i = 0; i < 2000; i++) { // More than a stream takes without waiting.
                scale.launch(new LaunchShape(2, 1, 1, 16, 2, 1, 0), x, 1f, 10);
            }
            gpu.synchronize();
            KernelStatistics seen = gpu.statistics().getFirst();
            assertEquals("scale", seen.name());
            assertEquals(2000, seen.launches());
            assertEquals(4000, seen.blocks());
            assertEquals(128_000, seen.threads());
            assertEquals(16, seen.textInstructions());
            assertTrue(seen.registers() >= 13 && seen.registers() <= 20, seen + "");
            assertTrue(seen.shortestNanos() > 0 && seen.shortestNanos() <= seen.longestNanos());
            assertTrue(seen.totalNanos() >= seen.longestNanos() + 1999 * seen.shortestNanos());
        }
    }

    /** Kernels of one name in different modules are different kernels; loading a module twice makes no other. */
    @Test
    void kernelsOfOneNameAreCountedByModule() throws DeviceException {
        String once = ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry k() { ret; }\n";
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL)) {
            for (String ptx : List.of(once, once.replace("ret", "membar.gl; ret"), once)) {
                gpu.load(ptx).function("k").launch(1, 1);
            }
            gpu.synchronize();
            List<KernelStatistics> all = gpu.statistics();
            assertEquals(2, all.size());
            for (KernelStatistics each : all) {
                assertEquals("k", each.name());
                assertEquals(each.textInstructions() == 1 ? 2 : 1, each.launches());
            }
            assertNotEquals(all.get(0).module(), all.get(1).module());
        }
    }

    @Test
    void namesThatAreCountedAreBounded() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL)) {
            StringBuilder ptx = new StringBuilder(".version 7.0\n.target sm_75\n.address_size 64\n");
            int kernels = KernelCounters.MOST_KERNELS + 10;
            String suffix = "x".repeat(300);
            for (int i = 0; i < kernels; i++) {
                ptx.append(".visible .entry k").append(i).append(suffix).append("() { ret; }\n");
            }
            GpuModule module = gpu.load(ptx.toString());
            for (int i = 0; i < kernels; i++) {
                module.function("k" + i + suffix).launch(1, 1);
            }
            gpu.synchronize();
            List<KernelStatistics> all = gpu.statistics();
            assertEquals(KernelCounters.MOST_KERNELS + 1, all.size());
            assertEquals(
                    10,
                    all.stream()
                            .filter(each -> each.name().equals("(others)"))
                            .findFirst()
                            .orElseThrow()
                            .launches());
            assertTrue(all.stream().allMatch(each -> each.name().length() <= KernelCounters.MOST_CHARACTERS));
        }
    }

    /** One kernel waits for what the other one writes, so both run at once; events see how long the first one took. */
    @Test
    void kernelsOfTwoStreamsRunAtOnceAndEventsTimeThem() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuMemory flag = gpu.allocate(4);
                DeviceStream waiting = gpu.context().createStream(1, 0);
                DeviceStream writing = gpu.context().createStream(1, 0);
                DeviceEvent start = gpu.context().createEvent(0);
                DeviceEvent end = gpu.context().createEvent(0)) {
            GpuFunction endless = gpu.load(Kernels.ENDLESS).function("endless");
            GpuFunction store = gpu.load(Kernels.STORE).function("store");
            LaunchShape one = new LaunchShape(1, 1, 1, 1, 1, 1, 0);
            waiting.record(start);
            endless.launch(waiting, one, flag);
            waiting.record(end);
            assertTrue(!waiting.await(Duration.ofMillis(20).toNanos()));
            store.launch(writing, one, flag);
            gpu.synchronize();
            assertTrue(end.elapsedMillis(start) >= 20, () -> "the kernel ran for 20 ms at least");
        }
    }

    @Test
    void copiesOverlapKernels() throws DeviceException {
        try (SoftwareGpu gpu = SoftwareGpu.open(SMALL);
                GpuMemory flag = gpu.allocate(4);
                GpuMemory bytes = gpu.allocate(1 << 20);
                DeviceStream running = gpu.context().createStream(1, 0)) {
            gpu.load(Kernels.ENDLESS).function("endless").launch(running, new LaunchShape(1, 1, 1, 32, 1, 1, 0), flag);
            byte[] there = new byte[1 << 20];
            there[77] = 7;
            bytes.copyFrom(there);
            byte[] back = new byte[1 << 20];
            bytes.copyTo(back);
            assertArrayEquals(there, back);
            assertTrue(!running.isIdle(), "the copies did not wait for the kernel");
            flag.copyFrom(new int[] {1});
            gpu.synchronize();
        }
    }

    @Test
    void closeIsIdempotentAndEndsWhatRuns() throws DeviceException {
        SoftwareGpu gpu = SoftwareGpu.open(SMALL);
        GpuMemory flag = gpu.allocate(4);
        gpu.load(Kernels.ENDLESS).function("endless").launch(1, 1, flag);
        gpu.close();
        gpu.close();
        assertEquals(
                CudaStatus.CONTEXT_IS_DESTROYED,
                assertThrows(DeviceException.class, () -> gpu.allocate(1)).status());
    }
}
