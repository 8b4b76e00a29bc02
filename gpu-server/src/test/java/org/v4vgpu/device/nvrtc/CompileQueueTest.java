package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceDescription;

/** What a program is compiled for that does not say. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class CompileQueueTest {
    private static final List<Integer> COMPILER = List.of(50, 60, 61, 70, 75, 80, 90);

    @Test
    void compilesForTheOldestDeviceAndForNoneNewerThanNvrtcDoes() {
        assertEquals(75, DefaultArchitecture.of(List.of(), COMPILER));
        assertEquals(75, DefaultArchitecture.of(List.of(device(9, 0)), COMPILER));
        assertEquals(61, DefaultArchitecture.of(List.of(device(9, 0), device(6, 1)), COMPILER));
        assertEquals(61, DefaultArchitecture.of(List.of(device(6, 2)), COMPILER));
        assertEquals(80, DefaultArchitecture.of(List.of(device(7, 5)), List.of(90, 80)));
        assertEquals(75, DefaultArchitecture.of(List.of(device(7, 5)), List.of()));
    }

    @Test
    void aProgramsOwnArchitectureCounts() throws Exception {
        CompileQueue queue = new CompileQueue(CompilerChoice.parse("clang"), List.of(device(6, 0)));
        try (CompileQueue.Job<ProgramCompiler> job = queue.compiler()) {
            assertTrue(job.await(TimeUnit.SECONDS.toNanos(30)));
            assumeTrue(job.result().isAvailable(), job.result().unavailabilityCause());
        }
        assertTrue(ptx(queue).contains(".target sm_60"));
        assertTrue(ptx(queue, "-arch=compute_80").contains(".target sm_80"));
    }

    private static String ptx(CompileQueue queue, String... options) throws Exception {
        Program program =
                new Program("f.cu", "__global__ void f(int *x) { *x = 1; }", List.of(), List.of(options), List.of());
        try (CompileQueue.Job<Compilation> job = queue.compile(program)) {
            assertTrue(job.await(TimeUnit.SECONDS.toNanos(30)));
            assertEquals(
                    Compilation.Result.SUCCESS,
                    job.result().result(),
                    job.result().log());
            return job.result().ptx();
        }
    }

    private static DeviceDescription device(int major, int minor) {
        return new DeviceDescription("device", new UUID(0, 0), 1, 12000, Map.of(75, major, 76, minor));
    }
}
