package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.v4vgpu.proto.Call;

/** Session after session loads a module of its own, launches and leaves: classes, threads and heap come back to where they were. */
@Timeout(value = 1200, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Isolated("counts what the process has")
final class ManySessionsTest {
    /** The compiler keeps 64 modules, and so many sessions fill it. */
    private static final int WARM = 100;

    /** The long run is {@code -Dv4vgpu.sessions=1000}: then kernels run for so long that their second form is made, with vectors. */
    private static final int SESSIONS = Integer.getInteger("v4vgpu.sessions", 100);

    private static final boolean IS_LONG = SESSIONS >= 1000;
    private static final int THREADS = 256;
    private static final int BLOCKS = IS_LONG ? 2048 : 1;
    private static final int COUNT = BLOCKS * THREADS;

    /** Of the modules that the compiler keeps, some have their second form by now and some not yet. */
    private static final int CLASSES = IS_LONG ? 150 : 20;

    private record Usage(long classes, int threads, long heapBytes) {}

    @Test
    void leaveNothingBehind() throws IOException {
        TestHost host = new TestHost(SessionLimits.DEFAULT);
        for (int i = 0; i < WARM; i++) {
            session(host, i);
        }
        Usage before = usage();
        for (int i = 0; i < SESSIONS; i++) {
            session(host, WARM + i);
        }
        Usage after = usage();
        host.close();
        String both = before + " became " + after;
        System.getLogger(ManySessionsTest.class.getName()).log(System.Logger.Level.INFO, both);
        assertTrue(after.classes <= before.classes + CLASSES, both); // three for each session that left something
        assertTrue(after.threads <= before.threads + 10, both);
        assertTrue(after.heapBytes <= before.heapBytes + (8 << 20), both);
    }

    private static void session(TestHost host, int number) throws IOException {
        try (TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long address = gpu.allocate(context, 4L * COUNT);
            String text = TestKernels.PTX + "// text of session " + number + "\n";
            long module = TestKernels.load(gpu, context, text, 1000).message().getModule();
            long scale = TestKernels.function(gpu, module, "scale").getFunction();
            gpu.post(Call.MEMSET, ServerContract.fill(context, address, 4, 5, COUNT));
            gpu.send(
                    Call.LAUNCH_KERNEL,
                    0,
                    TestKernels.launch(context, scale, BLOCKS, THREADS),
                    TestKernels.scaleParameters(address, COUNT));
            assertArrayEquals(new byte[] {15, 0, 0, 0}, gpu.read(context, address + 4L * (COUNT - 1), 4));
            gpu.goodbye();
        }
        host.awaitNoSession();
    }

    private static Usage usage() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return new Usage(
                ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
                ManagementFactory.getThreadMXBean().getThreadCount(),
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
}
