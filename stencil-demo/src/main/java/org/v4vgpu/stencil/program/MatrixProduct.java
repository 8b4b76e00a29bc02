package org.v4vgpu.stencil.program;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;

/** The product of two seeded square matrices: two copies in, the tiled kernel, one copy out. Confined to the device's thread. */
final class MatrixProduct implements Workload {
    private static final int TILE = 16;
    private static final long SEED = 20150421;

    private final Gpu gpu;
    private final int size;
    private final float[] a;
    private final float[] b;
    private final float[] c;
    private final CUfunction kernel;
    private final CUdeviceptr deviceA;
    private final CUdeviceptr deviceB;
    private final CUdeviceptr deviceC;

    MatrixProduct(Gpu gpu, int size) throws ProgramException {
        double bytes = 3.0 * size * size * Float.BYTES;
        gpu.ensureFits("matmul of size " + size + " (three matrices)", bytes, bytes);
        if ((long) size * size > Integer.MAX_VALUE - 8) {
            throw new ProgramException(
                    ProgramException.USAGE,
                    "matmul of size " + size + " exceeds a Java array; choose a size up to 46340");
        }
        this.gpu = gpu;
        this.size = size;
        SplittableRandom random = new SplittableRandom(SEED);
        a = matrix(random, size);
        b = matrix(random, size);
        c = new float[size * size];
        kernel = gpu.function("matmul.ptx", "matmul");
        deviceA = gpu.allocate(bytes());
        deviceB = gpu.allocate(bytes());
        deviceC = gpu.allocate(bytes());
    }

    @Override
    public Map<String, Double> repeat() {
        Arrays.fill(c, Float.NaN);
        gpu.spoil(deviceA, c.length);
        gpu.spoil(deviceB, c.length);
        gpu.spoil(deviceC, c.length);
        int blocks = (size + TILE - 1) / TILE;
        Pointer parameters =
                Pointer.to(Pointer.to(deviceA), Pointer.to(deviceB), Pointer.to(deviceC), Pointer.to(new int[] {size}));

        StopWatch watch = new StopWatch();
        cuMemcpyHtoD(deviceA, Pointer.to(a), bytes());
        cuCtxSynchronize();
        watch.stage("copy_a");
        cuMemcpyHtoD(deviceB, Pointer.to(b), bytes());
        cuCtxSynchronize();
        watch.stage("copy_b");
        cuLaunchKernel(kernel, blocks, blocks, 1, TILE, TILE, 1, 0, null, parameters, null);
        cuCtxSynchronize();
        watch.stage("kernel");
        cuMemcpyDtoH(Pointer.to(c), deviceC, bytes());
        watch.stage("copy_c");
        return watch.stop();
    }

    @Override
    public void copy() {
        cuMemcpyHtoD(deviceA, Pointer.to(a), bytes());
        cuMemcpyHtoD(deviceB, Pointer.to(b), bytes());
        cuMemcpyDtoH(Pointer.to(c), deviceC, bytes());
    }

    @Override
    public float[] result() {
        return c;
    }

    @Override
    public Verdict verify() {
        return MatrixReference.compare(a, b, c, size);
    }

    private long bytes() {
        return (long) size * size * Float.BYTES;
    }

    /** Entries between -1 and 1. */
    private static float[] matrix(SplittableRandom random, int size) {
        float[] matrix = new float[size * size];
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] = random.nextInt() * 0x1p-31f;
        }
        return matrix;
    }
}
