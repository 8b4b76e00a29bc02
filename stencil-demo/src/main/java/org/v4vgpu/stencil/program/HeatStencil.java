package org.v4vgpu.stencil.program;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import java.util.Arrays;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;

/**
 * Jacobi iterations of the heat equation: one copy in, the iterations on two buffers that stay on the device, one copy out.
 * Confined to the device's thread.
 */
final class HeatStencil implements Workload {
    private static final int BLOCK_WIDTH = 32;
    private static final int BLOCK_HEIGHT = 8;

    private final Gpu gpu;
    private final int iterations;
    private final HeatField field;
    private final float[] result;
    private final CUfunction kernel;
    private final CUdeviceptr even;
    private final CUdeviceptr odd;

    private HeatStencil(Gpu gpu, HeatField field, int iterations) {
        this.gpu = gpu;
        this.field = field;
        this.iterations = iterations;
        result = new float[field.cells().length];
        kernel = gpu.function("stencil.ptx", "jacobi");
        even = gpu.allocate(bytes());
        odd = gpu.allocate(bytes());
    }

    /** From the seeded field. */
    static HeatStencil seeded(Gpu gpu, int size, int iterations) throws ProgramException {
        ensureFits(gpu, size, size);
        if ((long) size * size > Integer.MAX_VALUE - 8) {
            throw new ProgramException(
                    ProgramException.USAGE,
                    "stencil of size " + size + " exceeds a Java array; choose a size up to 46340");
        }
        return new HeatStencil(gpu, HeatField.seeded(size), iterations);
    }

    /** From a field that was read. */
    static HeatStencil of(Gpu gpu, HeatField field, int iterations) throws ProgramException {
        ensureFits(gpu, field.width(), field.height());
        return new HeatStencil(gpu, field, iterations);
    }

    @Override
    public Map<String, Double> repeat() {
        Arrays.fill(result, Float.NaN);
        gpu.spoil(even, result.length);
        gpu.spoil(odd, result.length);

        StopWatch watch = new StopWatch();
        cuMemcpyHtoD(even, Pointer.to(field.cells()), bytes());
        cuCtxSynchronize();
        watch.stage("copy_in");
        for (int iteration = 0; iteration < iterations; iteration++) {
            launch(iteration % 2 == 0 ? even : odd, iteration % 2 == 0 ? odd : even);
        }
        cuCtxSynchronize();
        watch.stage("kernel");
        cuMemcpyDtoH(Pointer.to(result), iterations % 2 == 0 ? even : odd, bytes());
        watch.stage("copy_out");
        return watch.stop();
    }

    private void launch(CUdeviceptr in, CUdeviceptr out) {
        int width = field.width();
        int height = field.height();
        Pointer parameters = Pointer.to(
                Pointer.to(in), Pointer.to(out), Pointer.to(new int[] {width}), Pointer.to(new int[] {height}));
        int columns = (width + BLOCK_WIDTH - 1) / BLOCK_WIDTH;
        int rows = (height + BLOCK_HEIGHT - 1) / BLOCK_HEIGHT;
        cuLaunchKernel(kernel, columns, rows, 1, BLOCK_WIDTH, BLOCK_HEIGHT, 1, 0, null, parameters, null);
    }

    @Override
    public void copy() {
        cuMemcpyHtoD(even, Pointer.to(field.cells()), bytes());
        cuMemcpyDtoH(Pointer.to(result), odd, bytes());
    }

    @Override
    public float[] result() {
        return result;
    }

    /** The result as a field, for a picture. */
    HeatField resultField() {
        return new HeatField(field.width(), field.height(), result);
    }

    @Override
    public Verdict verify() {
        double error = HeatReference.maximumDifference(HeatReference.iterate(field, iterations), result);
        return new Verdict(error == 0, error, 0);
    }

    private static void ensureFits(Gpu gpu, int width, int height) throws ProgramException {
        double bytes = 2.0 * width * height * Float.BYTES;
        String work = width == height ? "stencil of size " + width : "stencil of " + width + " x " + height + " cells";
        // The heap holds the field and the result, and two fields more while the reference is computed.
        gpu.ensureFits(work + " (two fields)", bytes, 2 * bytes);
    }

    private long bytes() {
        return (long) result.length * Float.BYTES;
    }
}
