package org.v4vgpu.bench.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kernels in another process; where no OpenCL is installed, what is said of that. */
@Timeout(60)
final class OpenClProcessTest {
    @TempDir
    private Path directory;

    @Test
    void aMachineWithoutOpenClSaysSo() throws Exception {
        ProcessBuilder builder = worker();
        builder.environment().put("OCL_ICD_VENDORS", directory.toString()); // none there
        Process process = builder.start();
        try {
            IOException thrown = assertThrows(IOException.class, () -> new OpenClProcess(process, directory));
            assertTrue(String.valueOf(thrown.getMessage()).contains("OpenCL"), thrown.getMessage());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void runsKernelsAndSaysWhatIsWrong() throws Exception {
        Process process = worker().start();
        try {
            OpenClProcess cl = open(process);
            cl.buffer("a", 12);
            cl.write("a", MemorySegment.ofArray(new float[] {1, 2, 3}));
            cl.buffer("b", 12);
            cl.write("b", MemorySegment.ofArray(new float[] {10, 20, 30}));
            cl.buffer("c", 12);
            cl.launch("vecadd", 3, 1, 64, 1, "a", "b", "c", 3);
            cl.run();
            float[] sums = new float[3];
            cl.read("c", MemorySegment.ofArray(sums));
            assertArrayEquals(new float[] {11, 22, 33}, sums);
            assertTrue(cl.turn(1000, 1000, 3).length >= 1);
            cl.close();
            IOException gone = assertThrows(IOException.class, () -> cl.read("c", MemorySegment.ofArray(sums)));
            assertTrue(String.valueOf(gone.getMessage()).contains("no buffer c"), gone.getMessage());
            IOException wrong = assertThrows(IOException.class, () -> cl.launch("none", 1, 1, 1, 1));
            assertTrue(String.valueOf(wrong.getMessage()).startsWith("clCreateKernel none: OpenCL error"));
            IOException odd = assertThrows(IOException.class, () -> cl.launch("vecadd", 1, 1, 1, 1, "d"));
            assertTrue(String.valueOf(odd.getMessage()).contains("no buffer and no number: d"), odd.getMessage());
        } finally {
            process.destroyForcibly();
        }
    }

    private OpenClProcess open(Process process) {
        try {
            return new OpenClProcess(process, directory);
        } catch (IOException e) {
            Assumptions.abort(e.getMessage());
            throw new AssertionError(e);
        }
    }

    private static ProcessBuilder worker() {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OpenClWorker.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
    }
}
