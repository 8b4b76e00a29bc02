package org.v4vgpu.bench.gpu;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.setExceptionsEnabled;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/**
 * A JCuda program that times copies of many sizes, from and to ordinary and pinned host memory, and compares what comes back. A copy to the
 * device ends when a context synchronize after it has returned. Has no line that knows where the GPU is.
 *
 * <pre>
 *   arguments   LARGEST_BYTES MILLISECONDS_PER_CASE
 *   output      copy htod|dtoh pageable|pinned BYTES NANOSECONDS ...     a line per case
 * </pre>
 */
public final class CopySweep {
    private static final int SMALLEST_BYTES = 1024;
    private static final int FACTOR = 4;
    private static final int FEWEST_COPIES = 3;
    private static final int MOST_COPIES = 200;
    private static final int UNCOUNTED_COPIES = 2;

    private CopySweep() {}

    /** One copy, to its end. */
    private interface Copy {
        void run();
    }

    public static void main(String[] arguments) {
        int largest = Integer.parseInt(arguments[0]);
        long nanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments[1]));
        setExceptionsEnabled(true);
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        CUcontext context = new CUcontext();
        cuCtxCreate(context, 0, device);
        CUdeviceptr memory = new CUdeviceptr();
        cuMemAlloc(memory, largest);
        sweepArrays(memory, largest, nanos);
        sweepPinned(memory, largest, nanos);
        cuCtxDestroy(context);
    }

    private static void sweepArrays(CUdeviceptr memory, int largest, long nanos) {
        byte[] source = new byte[largest];
        new SplittableRandom(largest).nextBytes(source);
        byte[] back = new byte[largest];
        sweep("pageable", memory, Pointer.to(source), Pointer.to(back), largest, nanos);
        check(ByteBuffer.wrap(source), ByteBuffer.wrap(back), "pageable");
    }

    private static void sweepPinned(CUdeviceptr memory, int largest, long nanos) {
        Pointer source = new Pointer();
        Pointer back = new Pointer();
        cuMemHostAlloc(source, largest, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
        cuMemHostAlloc(back, largest, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
        byte[] bytes = new byte[largest];
        new SplittableRandom(largest + 1L).nextBytes(bytes);
        source.getByteBuffer(0, largest).put(bytes);
        sweep("pinned", memory, source, back, largest, nanos);
        check(source.getByteBuffer(0, largest), back.getByteBuffer(0, largest), "pinned");
        cuMemFreeHost(source);
        cuMemFreeHost(back);
    }

    /** The largest size comes last, and leaves in {@code back} what is to be compared. */
    private static void sweep(String kind, CUdeviceptr memory, Pointer source, Pointer back, int largest, long nanos) {
        for (long size = SMALLEST_BYTES; size <= largest; size *= FACTOR) {
            long bytes = size * FACTOR > largest ? largest : size;
            time("htod " + kind, bytes, nanos, () -> {
                cuMemcpyHtoD(memory, source, bytes);
                cuCtxSynchronize();
            });
            time("dtoh " + kind, bytes, nanos, () -> cuMemcpyDtoH(back, memory, bytes));
        }
    }

    @SuppressWarnings("SystemOut") // its answers
    private static void time(String name, long bytes, long nanos, Copy copy) {
        for (int i = 0; i < UNCOUNTED_COPIES; i++) {
            copy.run();
        }
        StringJoiner line = new StringJoiner(" ");
        line.add("copy").add(name).add(Long.toString(bytes));
        long begin = System.nanoTime();
        for (int i = 0; i < MOST_COPIES && (i < FEWEST_COPIES || System.nanoTime() - begin < nanos); i++) {
            long start = System.nanoTime();
            copy.run();
            line.add(Long.toString(System.nanoTime() - start));
        }
        System.out.println(line);
    }

    private static void check(ByteBuffer source, ByteBuffer back, String kind) {
        int mismatch = source.mismatch(back);
        if (mismatch >= 0) {
            throw new IllegalStateException("byte " + mismatch + " of " + kind + " memory came back as another");
        }
    }
}
