package org.v4vgpu.server;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.device.software.SoftwareDeviceOptions.Check;
import org.v4vgpu.proto.CudaStatus;

/** Which device the server offers. */
enum DeviceChoice {
    /** The GPU where there is one that this build can drive, otherwise the software device. */
    AUTO,
    CUDA,
    SOFTWARE;

    /**
     * Opens the device, which the caller closes.
     *
     * @param memory how much device memory there is to be; null for the device's own
     * @param kernelTimeout how long a kernel of the software device may run
     * @param checks what kernels of the software device are watched for
     */
    Device open(@Nullable ByteSize memory, TimeLimit kernelTimeout, Set<Check> checks) throws DeviceException {
        return switch (this) {
            case CUDA ->
                throw new DeviceException(
                        CudaStatus.NO_DEVICE,
                        "this build has no CUDA device; use --device software, which runs PTX on the JVM");
            case AUTO, SOFTWARE -> {
                SoftwareDeviceOptions options = SoftwareDeviceOptions.defaults()
                        .withLaunchLimit(kernelTimeout.duration())
                        .withChecks(checks);
                SoftwareDevice device =
                        new SoftwareDevice(memory == null ? options : options.withTotalBytes(memory.bytes()));
                device.warmUp();
                yield device;
            }
        };
    }
}
