package org.v4vgpu.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.proto.BlasStatus;

/** The CUDA device on the stand-in driver, in JVMs of their own: a driver is loaded once, and has one environment. */
@Execution(ExecutionMode.CONCURRENT) // starts processes
final class StandInDriverTest {
    @TempDir
    private static Path directory;

    private static Path library = Path.of("");

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        library = StandIn.build(directory);
        StandIn.buildBlas(library);
    }

    @Test
    void keepsTheContractAndLeavesNothing() throws Exception {
        StandIn.Outcome outcome = StandIn.run(library, Map.of(), ContractRun.class.getName());
        assertEquals(0, outcome.exitCode(), outcome::output);
        assertTrue(outcome.output().contains(" 0 failed, 1 not for this machine"), outcome::output);
        assertTrue(outcome.output().contains("left behind: {}"), outcome::output);
    }

    @Test
    void saysWhyThereIsNoGpu() throws Exception {
        Path nowhere = directory.resolve("libnowhere.so");
        assertTrue(cause(nowhere, Map.of()).contains("no NVIDIA driver to load (" + nowhere));
        assertTrue(cause(library, fail("cuInit=100")).contains("CUDA_VISIBLE_DEVICES"));
        assertTrue(cause(library, fail("cuInit=802")).contains("nvidia-fabricmanager"));
        assertTrue(cause(library, fail("cuInit=803")).contains("different versions"));
        assertTrue(cause(library, fail("cuInit=999")).contains("nvidia_uvm"));
        assertTrue(cause(library, fail("cuInit=46")).contains("busy or unavailable"), "an error with no advice");
        assertTrue(cause(library, Map.of("STANDIN_VERSION", "12020")).contains("serves CUDA 12.2, needed is 12.4"));
        assertTrue(cause(library, Map.of("STANDIN_DEVICES", "0")).startsWith("100 "));
        assertEquals("available\n", cause(library, Map.of()));
    }

    @Test
    void saysWhyThereIsNoCublas() throws Exception {
        String none = blas(directory.resolve("libnowhere.so"), Map.of());
        assertTrue(
                none.startsWith("801 the server can't load its cuBLAS: ")
                        && none.contains("libnowhere.so: cannot open"),
                none);
        String older = blas(library.resolveSibling("libcublas.so.12"), fail("cublasCreate_v2=1"));
        assertTrue(
                older.contains("CUBLAS_STATUS_NOT_INITIALIZED") && older.contains("newer CUDA than the driver"), older);
        String incomplete = blas(library, Map.of());
        assertTrue(incomplete.contains("libcuda.so.1 has no such function"), incomplete);
    }

    private static String blas(Path file, Map<String, String> environment) throws Exception {
        StandIn.Outcome outcome =
                StandIn.run(library, environment, DriverProgram.class.getName(), "blas", file.toString());
        assertEquals(0, outcome.exitCode(), outcome::output);
        return outcome.output();
    }

    private static String cause(Path driver, Map<String, String> environment) throws Exception {
        StandIn.Outcome outcome = StandIn.run(driver, environment, DriverProgram.class.getName(), "cause");
        assertEquals(0, outcome.exitCode(), outcome::output);
        return outcome.output();
    }

    @Test
    void passesTheDriversErrorsOn() throws Exception {
        assertError("cuCtxCreate_v2=2", "createContext", 2);
        assertError("cuMemAlloc_v2=2@2", "allocate", 2);
        assertError("cuStreamCreateWithPriority=999", "createStream", 999);
        assertError("cuMemPoolCreate=801", "allocateInOrder", 801);
        assertError("cuMemAllocFromPoolAsync=999", "allocateInOrder", 999);
        assertError("cuMemFreeAsync=1", "allocateInOrder", 1);
        assertError("cuModuleLoadDataEx=209", "loadModule", 209);
        assertError("cuModuleGetFunction=500", "function", 500);
        assertError("cuLaunchKernel=701", "launch", 701);
        assertError("cuMemcpyHtoDAsync_v2=1", "copyIn", 1);
        assertError("cuEventRecord=999", "copyIn", 999);
        assertError("cuLaunchHostFunc=801", "hold", 801);
        assertError(
                "cublasSasum_v2=14",
                "sum",
                BlasStatus.of(BlasStatus.INTERNAL_ERROR).code());
    }

    /** The program makes one call of each kind and says which one failed. All is freed whatever failed. */
    private static void assertError(String failure, String step, int status) throws Exception {
        StandIn.Outcome outcome = StandIn.run(library, fail(failure), DriverProgram.class.getName(), "steps");
        assertEquals(step + ": " + status + "\nleft behind: {}\n", outcome.output(), failure);
    }

    @Test
    void resultsThatCublasRefusesCostNothing() throws Exception {
        StandIn.Outcome outcome =
                StandIn.run(library, fail("cublasSasum_v2=14"), DriverProgram.class.getName(), "sums");
        assertEquals("2000 refused, more memory held: false\n", outcome.output());
    }

    @Test
    void copiesWhereTheDriverPinsNothing() throws Exception {
        StandIn.Outcome outcome = StandIn.run(
                library,
                Map.of("STANDIN_FAIL", "cuMemHostRegister_v2=304", "STANDIN_PAGEABLE", "1"),
                DriverProgram.class.getName(),
                "steps");
        assertEquals("right\nleft behind: {}\n", lines(outcome.output()));
        assertTrue(outcome.output().contains("see ulimit -l"), outcome::output);
    }

    @Test
    void tellsItsOwnerOfAFaultOnce() throws Exception {
        StandIn.Outcome outcome = StandIn.run(library, Map.of(), DriverProgram.class.getName(), "fault");
        assertEquals("told: 700\nawait: 700\nallocate: 700\nother context: right\n", lines(outcome.output()));
    }

    private static String lines(String output) {
        return output.lines().filter(line -> !line.contains("WARN")).reduce("", (a, b) -> a + b + "\n");
    }

    private static Map<String, String> fail(String what) {
        return Map.of("STANDIN_FAIL", what);
    }
}
