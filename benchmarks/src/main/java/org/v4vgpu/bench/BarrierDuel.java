package org.v4vgpu.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.v4vgpu.bench.opencl.OpenClProcess;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.GpuFunction;
import org.v4vgpu.device.software.GpuMemory;
import org.v4vgpu.device.software.SoftwareGpu;

/** 100 barriers of blocks of 256 threads; what 1000 of them take for one thread counts, so that its microseconds are ns for one. */
final class BarrierDuel extends KernelDuel {
    private static final int BLOCK = 256;
    private static final int BARRIERS = 100;
    private static final int COUNTED = 1000;

    private final SoftwareGpu gpu;
    private final JavaLoops loops;
    private final int[] out;
    private final GpuMemory deviceOut;
    private final GpuFunction kernel;

    BarrierDuel(SoftwareGpu gpu, JavaLoops loops, int blocks) throws DeviceException, IOException {
        super("1000 barriers", 0, (double) blocks * BLOCK * BARRIERS / COUNTED);
        this.gpu = gpu;
        this.loops = loops;
        out = new int[blocks * BLOCK];
        try (InputStream in = BarrierDuel.class.getResourceAsStream("barriers.ptx")) {
            if (in == null) {
                throw new IOException("barriers.ptx is missing beside " + BarrierDuel.class.getName());
            }
            kernel = gpu.load(new String(in.readAllBytes(), StandardCharsets.US_ASCII))
                    .function("ring");
        }
        deviceOut = gpu.allocate(4L * out.length);
    }

    @Override
    void onDevice() throws DeviceException {
        kernel.launch(out.length / BLOCK, BLOCK, deviceOut, BARRIERS / 2);
        gpu.synchronize();
    }

    @Override
    void inJava() {
        loops.passOn(out, BLOCK, BARRIERS / 2);
    }

    @Override
    void verify() throws DeviceException {
        deviceOut.fill((byte) -1);
        onDevice();
        inJava();
        int[] found = new int[out.length];
        deviceOut.copyTo(found);
        ensure(Arrays.equals(found, out));
    }

    @Override
    void prepare(OpenClProcess cl) throws IOException {
        cl.buffer("out", 4L * out.length);
        cl.launch("ring", out.length, 1, BLOCK, 1, "out", BARRIERS / 2);
    }

    @Override
    void verify(OpenClProcess cl) throws IOException {
        cl.run();
        inJava();
        int[] found = new int[out.length];
        cl.read("out", found);
        ensure(Arrays.equals(found, out));
    }

    @Override
    public void close() throws DeviceException {
        deviceOut.close();
    }
}
