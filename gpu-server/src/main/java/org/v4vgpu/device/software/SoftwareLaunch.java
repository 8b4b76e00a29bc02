package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.Cancellation;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.proto.CudaStatus;

/** One launch of a kernel, with its own copy of the parameters. */
final class SoftwareLaunch extends Operation {
    private final SoftwareContext context;
    private final Kernel kernel;
    private final KernelCounter counter;
    private final LaunchShape shape;
    private final MemorySegment parameters;
    private final long workspace;
    private final Cancellation cancellation = new Cancellation();

    // SYNC: launch-expired. Written by the watch before it cancels.
    private volatile boolean expired;

    SoftwareLaunch(SoftwareContext context, SoftwareFunction function, LaunchShape shape, MemorySegment parameters)
            throws DeviceException {
        super(function.kernel().isBrief(shape) ? Kind.SHORT : Kind.LONG);
        this.context = context;
        this.kernel = function.kernel();
        this.counter = function.counter();
        this.shape = shape;
        // Words, because heap bytes would not be aligned for the kernel's loads.
        long bytes = parameters.byteSize();
        this.parameters = MemorySegment.ofArray(new long[(int) ((bytes + Long.BYTES - 1) / Long.BYTES)])
                .asSlice(0, bytes)
                .copyFrom(parameters);
        this.workspace = kernel.reserve();
    }

    /** Gives back what it holds of the device's memory, if it will never run. A broken context keeps it to its own end. */
    void release() throws DeviceException {
        kernel.release(workspace);
    }

    @Override
    void run() throws DeviceException {
        LaunchWatch watch = context.device().launchWatch();
        long start = System.nanoTime();
        try {
            if (watch == null) {
                kernel.run(shape, parameters, workspace, cancellation, context.output());
            } else {
                run(watch);
            }
        } finally {
            counter.count(System.nanoTime() - start, shape);
            if (context.output() instanceof PrintfLog log) {
                log.flush();
            }
        }
    }

    @Override
    void cancel() {
        cancellation.cancel();
    }

    /** It has run for as long as it may. */
    void expire() {
        expired = true;
        cancellation.cancel();
    }

    private void run(LaunchWatch watch) throws DeviceException {
        watch.begin(this);
        try {
            kernel.run(shape, parameters, workspace, cancellation, context.output());
        } catch (DeviceException e) {
            throw expired && e.status().equals(CudaStatus.LAUNCH_TIMEOUT) ? timeout(watch.limit(), e) : e;
        } finally {
            watch.end(this);
        }
    }

    private DeviceException timeout(Duration limit, DeviceException cause) {
        String text = limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
        return new DeviceException(
                CudaStatus.LAUNCH_TIMEOUT,
                "kernel " + kernel.name() + " ran longer than " + text + ", the device's limit for a launch",
                cause);
    }
}
