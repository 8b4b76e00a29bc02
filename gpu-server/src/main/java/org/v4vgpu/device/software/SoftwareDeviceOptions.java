package org.v4vgpu.device.software;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.GlobalMemory;

/**
 * What can be chosen about a {@link SoftwareDevice}. Immutable.
 *
 * @param totalBytes device memory, shared by all contexts, up to 128 GiB
 * @param launchLimit a kernel that runs longer ends with LAUNCH_TIMEOUT, which breaks its context; null for no limit
 * @param output makes the sink of one context's printf; null writes lines to the log. A sink must be safe for any thread
 */
public record SoftwareDeviceOptions(
        long totalBytes,
        @Nullable Duration launchLimit,
        @Nullable Supplier<? extends Appendable> output) {
    private static final long LARGEST_DEFAULT_BYTES = 8L << 30;

    public SoftwareDeviceOptions {
        if (totalBytes <= 0 || totalBytes > GlobalMemory.LARGEST_CAPACITY) {
            throw new IllegalArgumentException("a device of " + totalBytes + " bytes: not in 1 .. 128 GiB");
        }
        if (launchLimit != null && (launchLimit.isNegative() || launchLimit.isZero())) {
            throw new IllegalArgumentException("a launch limit of " + launchLimit);
        }
    }

    /** Half of the machine's memory, 8 GiB at most; no launch limit; printf to the log. */
    public static SoftwareDeviceOptions defaults() {
        long half = HostMachine.memoryBytes() / 2;
        return new SoftwareDeviceOptions(Math.min(half, LARGEST_DEFAULT_BYTES) & -(1L << 20), null, null);
    }

    public SoftwareDeviceOptions withTotalBytes(long bytes) {
        return new SoftwareDeviceOptions(bytes, launchLimit, output);
    }

    public SoftwareDeviceOptions withLaunchLimit(Duration limit) {
        return new SoftwareDeviceOptions(totalBytes, limit, output);
    }

    public SoftwareDeviceOptions withOutput(Supplier<? extends Appendable> sink) {
        return new SoftwareDeviceOptions(totalBytes, launchLimit, sink);
    }
}
