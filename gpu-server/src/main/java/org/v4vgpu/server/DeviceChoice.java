package org.v4vgpu.server;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.cuda.Cuda;
import org.v4vgpu.device.cuda.CudaDevice;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.device.software.SoftwareDeviceOptions.Check;
import org.v4vgpu.proto.CudaStatus;

/** Which devices the server offers. */
enum DeviceChoice {
    /** The GPUs where there are some that the driver can use, otherwise the software device. */
    AUTO,
    /** All GPUs that the driver shows. */
    CUDA,
    SOFTWARE;

    /**
     * Opens the devices, which the caller closes.
     *
     * @param memory how much device memory there is to be; null for the device's own
     * @param kernelTimeout how long a kernel of the software device may run
     * @param checks what kernels of the software device are watched for
     * @param onFatal is told of a GPU's error that only a new process gets over
     */
    List<Device> open(
            @Nullable ByteSize memory, TimeLimit kernelTimeout, Set<Check> checks, Consumer<DeviceException> onFatal)
            throws DeviceException {
        return switch (this) {
            case CUDA -> gpus(memory, onFatal);
            case AUTO -> {
                DeviceException cause = Cuda.unavailabilityCause();
                if (cause == null && memory == null && checks.isEmpty()) { // a GPU takes neither
                    yield gpus(null, onFatal);
                }
                System.getLogger(DeviceChoice.class.getName())
                        .log(
                                Level.DEBUG,
                                "the software device: {0}",
                                cause == null ? "--memory and --check are for it" : cause.getMessage());
                yield software(memory, kernelTimeout, checks);
            }
            case SOFTWARE -> software(memory, kernelTimeout, checks);
        };
    }

    private static List<Device> gpus(@Nullable ByteSize memory, Consumer<DeviceException> onFatal)
            throws DeviceException {
        DeviceException cause = Cuda.unavailabilityCause();
        if (cause != null) {
            throw new DeviceException(cause.status(), cause.getMessage() + "; --device software needs none", cause);
        }
        if (memory != null) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "--memory is for the software device; a GPU has what it has, and --quota limits each client");
        }
        List<Device> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < Cuda.deviceCount(); ordinal++) {
            devices.add(CudaDevice.open(ordinal, onFatal));
        }
        return devices;
    }

    private static List<Device> software(@Nullable ByteSize memory, TimeLimit kernelTimeout, Set<Check> checks) {
        SoftwareDeviceOptions options = SoftwareDeviceOptions.defaults()
                .withLaunchLimit(kernelTimeout.duration())
                .withChecks(checks);
        SoftwareDevice device = new SoftwareDevice(memory == null ? options : options.withTotalBytes(memory.bytes()));
        device.warmUp();
        return List.of(device);
    }
}
