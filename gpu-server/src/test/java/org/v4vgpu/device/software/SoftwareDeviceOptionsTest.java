package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SoftwareDeviceOptionsTest {
    private static final LaunchShape ONE_THREAD = new LaunchShape(1, 1, 1, 1, 1, 1, 0);
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);

    private final SoftwareDeviceOptions small = SoftwareDeviceOptions.defaults().withTotalBytes(1 << 20);

    @Test
    void defaultsFitTheMachine() {
        long bytes = SoftwareDeviceOptions.defaults().totalBytes();
        assertTrue(bytes >= 1 << 20 && bytes <= 8L << 30, bytes + " bytes");
        assertThrows(IllegalArgumentException.class, () -> small.withTotalBytes(0));
        assertThrows(IllegalArgumentException.class, () -> small.withTotalBytes((128L << 30) + 1));
        assertThrows(IllegalArgumentException.class, () -> small.withLaunchLimit(Duration.ZERO));
        try (SoftwareDevice one = new SoftwareDevice(small);
                SoftwareDevice other = new SoftwareDevice(small)) {
            assertEquals(one.description().uuid(), other.description().uuid());
        }
    }

    @Test
    void warmsUpWithoutError() throws DeviceException {
        WarmUp.run();
    }

    @Test
    void launchLimitEndsLongKernels() throws DeviceException {
        Duration limit = Duration.ofMillis(50);
        try (SoftwareDevice device = new SoftwareDevice(small.withLaunchLimit(limit));
                DeviceContext context = device.createContext(0)) {
            long flag = context.allocate(4);
            DeviceStream stream = context.defaultStream();
            stream.fill(flag, 4, 1, 1);
            DeviceFunction endless =
                    context.loadModule(Kernels.image(Kernels.ENDLESS)).function("endless");
            MemorySegment parameters = Kernels.parameters(endless, flag);
            stream.launch(endless, ONE_THREAD, parameters);
            assertTrue(context.await(LONG), "the word is set, so this launch ends at once");
            stream.fill(flag, 4, 0, 1);
            long start = System.nanoTime();
            stream.launch(endless, ONE_THREAD, parameters);
            DeviceException thrown = assertThrows(DeviceException.class, () -> context.await(LONG));
            assertTrue(System.nanoTime() - start >= limit.toNanos());
            assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status());
            assertTrue(String.valueOf(thrown.getMessage()).contains("endless"), thrown.getMessage());
            assertThrows(DeviceException.class, () -> context.allocate(4));
        }
    }

    @Test
    @SuppressWarnings("JdkObsolete") // the device's threads append, this one reads
    void printfGoesToTheContextsOwnSink() throws DeviceException {
        StringBuffer output = new StringBuffer();
        try (SoftwareDevice device = new SoftwareDevice(small.withOutput(() -> output));
                DeviceContext context = device.createContext(0)) {
            long words = context.allocate(16);
            context.defaultStream().fill(words, 4, 0, 4);
            DeviceFunction function =
                    context.loadModule(Kernels.file("devfunc.ptx")).function("devfunc");
            MemorySegment parameters = MemorySegment.ofArray(new long[6]);
            parameters.set(ValueLayout.JAVA_LONG, 24, words);
            parameters.set(ValueLayout.JAVA_LONG, 32, words + 8);
            parameters.set(ValueLayout.JAVA_INT, 40, 1);
            context.defaultStream().launch(function, ONE_THREAD, parameters);
            assertTrue(context.await(LONG));
        }
        assertEquals("i=0 v=0.000000\n", output.toString());
    }
}
