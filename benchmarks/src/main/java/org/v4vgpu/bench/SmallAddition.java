package org.v4vgpu.bench;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.GpuFunction;
import org.v4vgpu.device.software.GpuMemory;
import org.v4vgpu.device.software.GpuModule;
import org.v4vgpu.device.software.SoftwareGpu;

/** A kernel of one block on a software device, for what comes before it runs. Confined to one thread. */
final class SmallAddition implements AutoCloseable {
    /** Bytes of each of its arrays. */
    static final int BYTES = 1024;

    private static final int COUNT = BYTES / Integer.BYTES;

    private final SoftwareGpu gpu;
    private final float[] ones = new float[COUNT];
    private final float[] twos = new float[COUNT];
    private final float[] found = new float[COUNT];
    private final GpuMemory in;
    private final GpuMemory out;
    private @Nullable GpuFunction kernel;

    SmallAddition(SoftwareGpu gpu) throws DeviceException {
        this.gpu = gpu;
        in = gpu.allocate(BYTES);
        out = gpu.allocate(BYTES);
        Arrays.fill(ones, 1);
        Arrays.fill(twos, 2);
        in.copyFrom(ones);
    }

    /** From the PTX text to the result on this side; in nanoseconds. */
    long start(String text, String name) throws DeviceException {
        out.fill((byte) -1);
        gpu.synchronize();
        long begin = System.nanoTime();
        try (GpuModule module = gpu.load(text)) {
            module.function(name).launch(1, COUNT, in, in, out, COUNT);
            out.copyTo(found);
        }
        long nanos = System.nanoTime() - begin;
        ensureRight();
        return nanos;
    }

    /** Takes a kernel for {@link #launch}. */
    void use(GpuModule module, String name) throws DeviceException {
        kernel = module.function(name);
    }

    /** A launch of the kernel that is in use, and the wait for it; in nanoseconds. */
    long launch() throws DeviceException {
        GpuFunction used = kernel;
        if (used == null) {
            throw new IllegalStateException("no kernel is in use");
        }
        out.fill((byte) -1);
        gpu.synchronize();
        long begin = System.nanoTime();
        used.launch(1, COUNT, in, in, out, COUNT);
        gpu.synchronize();
        long nanos = System.nanoTime() - begin;
        out.copyTo(found);
        ensureRight();
        return nanos;
    }

    private void ensureRight() {
        if (!Arrays.equals(found, twos)) {
            throw new IllegalStateException("the small kernel's result is wrong");
        }
    }

    @Override
    public void close() throws DeviceException {
        in.close();
        out.close();
    }
}
