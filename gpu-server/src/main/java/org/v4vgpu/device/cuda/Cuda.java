package org.v4vgpu.device.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * Whether this process can use a GPU: the driver is there, new enough, and has a device. Found out once. Safe for any thread.
 *
 * {@snippet :
 *   if (!Cuda.isAvailable()) {
 *       System.err.println(Cuda.unavailabilityCause().getMessage());
 *   }
 * }
 */
public final class Cuda {
    /** cuFuncGetParamInfo came with CUDA 12.4. */
    private static final int OLDEST_VERSION = 12040;

    @SuppressWarnings("StaticAssignmentOfThrowable") // says what was found then; whoever throws it makes a new one
    private static final @Nullable DeviceException CAUSE = probe();

    private Cuda() {}

    public static boolean isAvailable() {
        return CAUSE == null;
    }

    /** Why not, in one line that says what to do; null if it is available. */
    public static @Nullable DeviceException unavailabilityCause() {
        return CAUSE;
    }

    /** Does nothing if it is available. @throws DeviceException the cause, if it is not */
    public static void ensureAvailability() throws DeviceException {
        if (CAUSE != null) {
            throw new DeviceException(CAUSE.status(), String.valueOf(CAUSE.getMessage()), CAUSE);
        }
    }

    /** How many devices there are; 0 if it is not available. */
    public static int deviceCount() {
        try {
            return CAUSE == null ? DriverDevices.count() : 0;
        } catch (DeviceException e) {
            return 0;
        }
    }

    private static @Nullable DeviceException probe() {
        String failure = DriverLibrary.loadFailure();
        if (failure != null) {
            return new DeviceException(CudaStatus.NO_DEVICE, noLibrary(failure));
        }
        try {
            EagerLoading.request();
            int version = DriverDevices.version();
            if (version < OLDEST_VERSION) {
                return new DeviceException(
                        CudaStatus.NOT_SUPPORTED,
                        "the NVIDIA driver is too old: it serves CUDA " + text(version) + ", needed is "
                                + text(OLDEST_VERSION) + " or newer; install driver 550 or newer");
            }
            DriverDevices.init();
            if (DriverDevices.count() == 0) {
                return new DeviceException(
                        CudaStatus.NO_DEVICE,
                        "the NVIDIA driver has no device; see nvidia-smi and CUDA_VISIBLE_DEVICES");
            }
            return null;
        } catch (DeviceException e) {
            return new DeviceException(e.status(), explain(e), e);
        }
    }

    private static String noLibrary(String failure) {
        String start = "there is no NVIDIA driver to load (" + DriverLibrary.NAME + ")";
        if (!DriverLibrary.NAME.equals("libcuda.so.1")) {
            return start + ": " + failure + "; correct the property " + DriverLibrary.PROPERTY;
        }
        return Files.exists(Path.of("/dev/nvidiactl"))
                ? start + ", but /dev/nvidiactl exists: install the driver's libraries, or in a container start it with"
                        + " the NVIDIA runtime (capability compute)"
                : start + " and no /dev/nvidiactl: this machine has no NVIDIA GPU or no driver for it";
    }

    /** What cuInit's errors usually mean. */
    private static String explain(DeviceException e) {
        String what = String.valueOf(e.getMessage());
        return what
                + switch (e.status().code()) {
                    case 34 -> "; this libcuda is the toolkit's stub: put the driver's own library first";
                    case 100 ->
                        "; is the GPU there (nvidia-smi), are /dev/nvidia* here and readable, and what hides"
                                + " CUDA_VISIBLE_DEVICES?";
                    case 801 -> "; the library lacks " + String.join(", ", DriverLibrary.missing());
                    case 802 -> "; the GPUs are not ready: on a machine with NVSwitch start nvidia-fabricmanager";
                    case 803 ->
                        "; the kernel's driver and libcuda are of different versions: reboot after an update, or remove"
                                + " the toolkit's compat library";
                    case 804 -> "; this GPU can't use the toolkit's compat library: remove it from the library path";
                    case 999 ->
                        "; usually the kernel module nvidia_uvm is not loaded (nvidia-modprobe -u) or the GPU needs a"
                                + " reset: see dmesg for NVRM";
                    default -> "";
                };
    }

    private static String text(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }
}
