package org.v4vgpu.device.nvrtc;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * Compiles programs to PTX. Safe for any thread; several programs may be compiled at a time.
 *
 * {@snippet :
 *   compiler.ensureAvailability();
 *   Compilation compiled = compiler.compile(new Program("add.cu", text, List.of(), List.of("-arch=compute_75"), List.of()));
 * }
 */
public interface ProgramCompiler {
    /** Which compiler it is, for people. */
    String name();

    /** CUDA's version that it belongs to, first its major number. Zeros if it is not available. */
    int majorVersion();

    int minorVersion();

    /** The virtual architectures that it compiles for: 75 for compute_75. */
    List<Integer> architectures();

    /** Why nothing can be compiled here, and what to do about it, on one line; null if it can. */
    @Nullable
    String unavailabilityCause();

    default boolean isAvailable() {
        return unavailabilityCause() == null;
    }

    /**
     * Returns if programs can be compiled here.
     *
     * @throws DeviceException NOT_SUPPORTED with the cause, if nothing can
     */
    default void ensureAvailability() throws DeviceException {
        String cause = unavailabilityCause();
        if (cause != null) {
            throw new DeviceException(CudaStatus.NOT_SUPPORTED, cause);
        }
    }

    /**
     * Compiles a program. Takes seconds; an interrupt ends it at once, and with it whatever it has started.
     *
     * @return the PTX, or what is wrong with the program
     * @throws DeviceException if the compiler is not available or can't be run
     * @throws InterruptedException if the thread was interrupted
     */
    Compilation compile(Program program) throws DeviceException, InterruptedException;
}
