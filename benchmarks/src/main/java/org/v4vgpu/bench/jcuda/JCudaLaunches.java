package org.v4vgpu.bench.jcuda;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoad;
import static jcuda.driver.JCudaDriver.setExceptionsEnabled;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/**
 * A JCuda program that launches the stencil on one cell, as often as it is told to. Has no line that knows where the GPU is. Reads a
 * command a line and answers with a line each; ends with its input.
 *
 * <pre>
 *   argument    the stencil's PTX file
 *   turn ANEW STREAM ISSUED SETTLE TURN FEWEST MOST
 *                launches STREAM times and waits, for SETTLE ns, then about TURN ns, between FEWEST and MOST times; answers what a launch
 *                took each time, in ns: before the wait, if ISSUED. ANEW makes the parameters' pointers for each launch, as most
 *                programs do; otherwise they are kept
 *   heap ANEW WARM COUNT ROUNDS
 *                launches WARM times, then ROUNDS times COUNT times; answers pairs of ns and bytes of the heap that such a round took
 * </pre>
 */
public final class JCudaLaunches {
    /** Launches before one wait where bytes are counted. */
    private static final int STREAM = 100;

    private static final com.sun.management.ThreadMXBean THREADS =
            ManagementFactory.getPlatformMXBean(com.sun.management.ThreadMXBean.class);

    private final CUfunction function = new CUfunction();
    private final CUdeviceptr in = new CUdeviceptr();
    private final CUdeviceptr out = new CUdeviceptr();
    private final Pointer kept;

    private JCudaLaunches(String ptx) {
        setExceptionsEnabled(true);
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        cuCtxCreate(new CUcontext(), 0, device);
        CUmodule module = new CUmodule();
        cuModuleLoad(module, ptx);
        cuModuleGetFunction(function, module, "jacobi");
        cuMemAlloc(in, Float.BYTES);
        cuMemAlloc(out, Float.BYTES);
        kept = parameters();
    }

    @SuppressWarnings("SystemOut") // its answers
    public static void main(String[] arguments) throws IOException {
        JCudaLaunches launches = new JCudaLaunches(arguments[0]);
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", -1);
            boolean anew = Boolean.parseBoolean(words[1]);
            System.out.println(
                    words[0].equals("turn")
                            ? launches.takeTurn(
                                    anew,
                                    Integer.parseInt(words[2]),
                                    Boolean.parseBoolean(words[3]),
                                    Long.parseLong(words[4]),
                                    Long.parseLong(words[5]),
                                    Integer.parseInt(words[6]),
                                    Integer.parseInt(words[7]))
                            : launches.countHeap(
                                    anew,
                                    Integer.parseInt(words[2]),
                                    Integer.parseInt(words[3]),
                                    Integer.parseInt(words[4])));
        }
    }

    private Pointer parameters() {
        return Pointer.to(Pointer.to(in), Pointer.to(out), Pointer.to(new int[] {1}), Pointer.to(new int[] {1}));
    }

    private void launch(boolean anew) {
        cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, anew ? parameters() : kept, null);
    }

    private String takeTurn(
            boolean anew, int stream, boolean issued, long settleNanos, long turnNanos, int fewest, int most) {
        long begin = System.nanoTime();
        long settled = 0;
        long steps = 0;
        while (steps == 0 || settled < settleNanos) {
            time(anew, stream, false);
            steps++;
            settled = System.nanoTime() - begin;
        }
        long step = Math.max(1, settled / steps);
        StringJoiner samples = new StringJoiner(" ");
        for (long i = Math.clamp(turnNanos / step, (long) fewest, (long) most); i > 0; i--) {
            samples.add(Long.toString(Math.max(1, time(anew, stream, issued) / stream)));
        }
        return samples.toString();
    }

    private long time(boolean anew, int stream, boolean issued) {
        long begin = System.nanoTime();
        for (int i = 0; i < stream; i++) {
            launch(anew);
        }
        long sent = System.nanoTime();
        cuCtxSynchronize();
        return (issued ? sent : System.nanoTime()) - begin;
    }

    private String countHeap(boolean anew, int warm, int count, int rounds) {
        repeat(anew, warm);
        StringJoiner counted = new StringJoiner(" ");
        for (int round = 0; round < rounds; round++) {
            long bytes = THREADS.getCurrentThreadAllocatedBytes();
            long begin = System.nanoTime();
            repeat(anew, count);
            long nanos = System.nanoTime() - begin;
            counted.add(Long.toString(nanos)).add(Long.toString(THREADS.getCurrentThreadAllocatedBytes() - bytes));
        }
        return counted.toString();
    }

    private void repeat(boolean anew, int count) {
        for (int i = 1; i <= count; i++) {
            launch(anew);
            if (i % STREAM == 0) {
                cuCtxSynchronize();
            }
        }
        cuCtxSynchronize();
    }
}
