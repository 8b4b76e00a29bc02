package org.v4vgpu.device.cuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * Whether this process can use cuBLAS: there are a GPU and a libcublas that its driver serves. Found out once, when it is first asked: the
 * library is large. Safe for any thread.
 */
public final class Cublas {
    /** The property that names the library's file. */
    public static final String PROPERTY = "v4vgpu.cublas.library";

    private Cublas() {}

    public static boolean isAvailable() {
        return unavailabilityCause() == null;
    }

    /** Why not, in one line that says what to do; null if it is available. */
    public static @Nullable DeviceException unavailabilityCause() {
        DeviceException noGpu = Cuda.unavailabilityCause();
        if (noGpu != null) {
            return noGpu;
        }
        String failure = CublasLibrary.loadFailure();
        return failure == null ? null : new DeviceException(CudaStatus.NOT_SUPPORTED, failure);
    }

    /** Does nothing if it is available. @throws DeviceException the cause, if it is not */
    public static void ensureAvailability() throws DeviceException {
        DeviceException cause = unavailabilityCause();
        if (cause != null) {
            throw cause;
        }
    }
}
