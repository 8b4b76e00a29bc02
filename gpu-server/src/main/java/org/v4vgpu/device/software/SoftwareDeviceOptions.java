package org.v4vgpu.device.software;

import java.time.Duration;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.GlobalMemory;

/**
 * What can be chosen about a {@link SoftwareDevice}. Immutable.
 *
 * @param totalBytes device memory, shared by all contexts, up to 128 GiB
 * @param launchLimit a kernel that runs longer ends with LAUNCH_TIMEOUT, which breaks its context; null for no limit
 * @param output makes the sink of one context's printf, which must be safe for any thread; null keeps the text for
 *     {@link org.v4vgpu.device.DeviceContext#printed}
 * @param checks what kernels are watched for; each makes them many times slower
 */
public record SoftwareDeviceOptions(
        long totalBytes,
        @Nullable Duration launchLimit,
        @Nullable Supplier<? extends Appendable> output,
        Set<Check> checks) {
    private static final long LARGEST_DEFAULT_BYTES = 8L << 30;
    private static final Duration LONGEST_LIMIT = Duration.ofDays(36_500);

    /** Mistakes of kernels that a GPU does not tell. The first one found ends its launch, and says where. */
    public enum Check {
        /** Reads of shared memory that nobody wrote; global accesses beyond the last byte of an allocation. */
        MEMORY,
        /** Accesses of shared memory by two threads, one of them a write, with no barrier between them. */
        RACE
    }

    public SoftwareDeviceOptions {
        if (totalBytes <= 0 || totalBytes > GlobalMemory.LARGEST_CAPACITY) {
            throw new IllegalArgumentException("a device of " + totalBytes + " bytes: not in 1 .. 128 GiB");
        }
        if (launchLimit != null
                && (launchLimit.isNegative() || launchLimit.isZero() || launchLimit.compareTo(LONGEST_LIMIT) > 0)) {
            throw new IllegalArgumentException("a launch limit of " + launchLimit);
        }
        checks = Set.copyOf(checks);
    }

    /** Half of the machine's memory, 8 GiB at most; no launch limit; printf kept until it is taken; no checks. */
    public static SoftwareDeviceOptions defaults() {
        long half = HostMachine.memoryBytes() / 2;
        return new SoftwareDeviceOptions(Math.min(half, LARGEST_DEFAULT_BYTES) & -(1L << 20), null, null, Set.of());
    }

    public SoftwareDeviceOptions withTotalBytes(long bytes) {
        return new SoftwareDeviceOptions(bytes, launchLimit, output, checks);
    }

    public SoftwareDeviceOptions withLaunchLimit(@Nullable Duration limit) {
        return new SoftwareDeviceOptions(totalBytes, limit, output, checks);
    }

    public SoftwareDeviceOptions withOutput(Supplier<? extends Appendable> sink) {
        return new SoftwareDeviceOptions(totalBytes, launchLimit, sink, checks);
    }

    public SoftwareDeviceOptions withChecks(Set<Check> wanted) {
        return new SoftwareDeviceOptions(totalBytes, launchLimit, output, wanted);
    }
}
