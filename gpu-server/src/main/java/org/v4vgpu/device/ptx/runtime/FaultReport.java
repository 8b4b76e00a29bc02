package org.v4vgpu.device.ptx.runtime;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.FaultContext.MemoryAccess;
import org.v4vgpu.proto.CudaStatus;

/**
 * Makes the error of a launch from what a kernel threw: status, what was accessed, kernel, block, thread, line of PTX and of the
 * source, and what lies near an illegal address.
 */
final class FaultReport {
    /** The class name of all generated code. */
    static final String GENERATED = "org.v4vgpu.device.ptx.generated.";

    private final Launch launch;
    private final int thread;
    private final Throwable thrown;
    private final int line;
    private final @Nullable MemoryAccess access;

    private FaultReport(Launch launch, int thread, Throwable thrown) {
        this.launch = launch;
        this.thread = thread;
        this.thrown = thrown;
        this.line = line(launch, thrown);
        this.access = line == 0 ? null : launch.faults().accessAt(line);
    }

    /**
     * Describes what ended a launch.
     *
     * @param block the number of the block, or -1 if none had begun
     * @param thread the number of the thread within the block
     */
    static DeviceException of(Launch launch, long block, int thread, Throwable thrown) {
        return new FaultReport(launch, thread, thrown).describe(block);
    }

    private DeviceException describe(long block) {
        CudaStatus status;
        String what;
        String near = "";
        if (thrown instanceof KernelFault fault) {
            status = fault.status();
            what = fault.getMessage() + (isAddress(status) && access != null ? " (" + access + ")" : "");
            near = fault.hasAddress() ? near(fault.address()) : "";
        } else if (thrown instanceof ArrayIndexOutOfBoundsException outside) {
            WordFault fault = WordFault.of(outside, access, launch.plan(), thread);
            status = fault.isMisaligned() ? CudaStatus.MISALIGNED_ADDRESS : CudaStatus.ILLEGAL_ADDRESS;
            what = fault.words();
            near = fault.near(launch);
        } else if (thrown instanceof OutOfMemoryError) {
            status = CudaStatus.LAUNCH_OUT_OF_RESOURCES;
            what = String.valueOf(thrown);
        } else {
            status = CudaStatus.LAUNCH_FAILED;
            what = thrown instanceof StackOverflowError ? "call stack overflow" : String.valueOf(thrown);
        }
        return new DeviceException(
                status, what + " in " + place(block) + source() + (near.isEmpty() ? "" : "; " + near), thrown);
    }

    private String near(long address) {
        if (!GenericAccess.isInWindow(address)) {
            return launch.faults().near(address);
        }
        return GenericAccess.isIn(address, GenericAccess.SHARED_WINDOW) != 0
                ? "the block has "
                        + (launch.plan().sharedBytes() + launch.shape().sharedBytes()) + " bytes of shared memory"
                : "";
    }

    private static boolean isAddress(CudaStatus status) {
        return status.equals(CudaStatus.ILLEGAL_ADDRESS) || status.equals(CudaStatus.MISALIGNED_ADDRESS);
    }

    private String place(long block) {
        LaunchShape shape = launch.shape();
        String place = "kernel " + launch.plan().name();
        if (block >= 0) {
            place += ", block " + point(block, shape.gridX(), shape.gridY());
            if (!(thrown instanceof KernelFault fault && fault.isOfBlock())) {
                place += ", thread " + point(thread, shape);
            }
        }
        return place;
    }

    /** The number of a thread in its block as x, y and z. */
    static String point(int thread, LaunchShape shape) {
        return point(Math.clamp(thread, 0, shape.threadsPerBlock() - 1), shape.blockX(), shape.blockY());
    }

    private static String point(long number, int width, int height) {
        return "(" + number % width + "," + number / width % height + "," + number / width / height + ")";
    }

    private String source() {
        if (line == 0) {
            return "";
        }
        return ", " + line(launch.faults(), line);
    }

    /** A line of PTX and, where that is known, of the source. */
    static String line(FaultContext faults, int line) {
        String source = faults.sourceAt(line);
        return "PTX line " + line + (source.isEmpty() ? "" : " (" + source + ")");
    }

    private static int line(Launch launch, Throwable thrown) {
        if (thrown instanceof KernelFault fault && fault.line() > 0) {
            return fault.line();
        }
        for (StackTraceElement element : thrown.getStackTrace()) {
            if (element.getClassName().startsWith(GENERATED) && element.getLineNumber() > 0) {
                return launch.faults().lineAt(element.getMethodName(), element.getLineNumber());
            }
        }
        return 0;
    }
}
