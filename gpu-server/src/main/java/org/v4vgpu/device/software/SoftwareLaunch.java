package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.Cancellation;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.proto.CudaStatus;

/** One launch of a kernel, with its own copy of the parameters. */
final class SoftwareLaunch extends Operation {
    private final SoftwareContext context;
    private final Kernel kernel;
    private final LaunchShape shape;
    private final MemorySegment parameters;
    private final Cancellation cancellation = new Cancellation();

    SoftwareLaunch(SoftwareContext context, Kernel kernel, LaunchShape shape, MemorySegment parameters) {
        super(Kind.LONG);
        this.context = context;
        this.kernel = kernel;
        this.shape = shape;
        // Words, because heap bytes would not be aligned for the kernel's loads.
        long bytes = parameters.byteSize();
        this.parameters = MemorySegment.ofArray(new long[(int) ((bytes + Long.BYTES - 1) / Long.BYTES)])
                .asSlice(0, bytes)
                .copyFrom(parameters);
    }

    @Override
    void run() throws DeviceException {
        Duration limit = context.device().launchLimit();
        try {
            if (limit == null) {
                kernel.run(shape, parameters, cancellation, context.output());
            } else {
                runAtMost(limit);
            }
        } finally {
            if (context.output() instanceof PrintfLog log) {
                log.flush();
            }
        }
    }

    @Override
    void cancel() {
        cancellation.cancel();
    }

    private void runAtMost(Duration limit) throws DeviceException {
        ScheduledFuture<?> alarm = alarm(limit);
        try {
            kernel.run(shape, parameters, cancellation, context.output());
        } catch (DeviceException e) {
            throw e.status().equals(CudaStatus.LAUNCH_TIMEOUT)
                    ? new DeviceException(
                            CudaStatus.LAUNCH_TIMEOUT, "kernel " + kernel.name() + " ran longer than " + limit, e)
                    : e;
        } finally {
            if (alarm != null) {
                alarm.cancel(false);
            }
        }
    }

    private @Nullable ScheduledFuture<?> alarm(Duration limit) {
        try {
            return context.device().limitTimer().schedule(cancellation::cancel, limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The device is closing, which ends this launch as well.
            return null;
        }
    }
}
