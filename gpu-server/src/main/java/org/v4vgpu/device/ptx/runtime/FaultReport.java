package org.v4vgpu.device.ptx.runtime;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** Makes the error of a launch from what a kernel threw: status, kernel, block, thread, line of PTX. */
final class FaultReport {
    /** The class name of all generated code. */
    static final String GENERATED = "org.v4vgpu.device.ptx.generated.";

    private static final Pattern INDEX = Pattern.compile("Index (-?\\d+) out of bounds.*");

    private FaultReport() {}

    /**
     * Describes what ended a launch.
     *
     * @param block the number of the block, or -1 if none had begun
     * @param thread the number of the thread within the block
     */
    static DeviceException of(Launch launch, long block, int thread, Throwable thrown) {
        String place = "kernel " + launch.plan().name();
        if (block >= 0) {
            LaunchShape shape = launch.shape();
            long t = Math.clamp(thread, 0, shape.threadsPerBlock() - 1);
            place += ", block " + point(block, shape.gridX(), shape.gridY()) + ", thread "
                    + point(t, shape.blockX(), shape.blockY());
        }
        String line = line(thrown);
        CudaStatus status = status(thrown);
        String what = thrown instanceof KernelFault ? thrown.getMessage() : describe(status, thrown);
        return new DeviceException(status, what + " in " + place + line, thrown);
    }

    private static String point(long number, int width, int height) {
        return "(" + number % width + "," + number / width % height + "," + number / width / height + ")";
    }

    private static CudaStatus status(Throwable thrown) {
        if (thrown instanceof KernelFault fault) {
            return fault.status();
        }
        if (thrown instanceof ArrayIndexOutOfBoundsException) {
            return isMisaligned(thrown) ? CudaStatus.MISALIGNED_ADDRESS : CudaStatus.ILLEGAL_ADDRESS;
        }
        if (thrown instanceof OutOfMemoryError) {
            return CudaStatus.LAUNCH_OUT_OF_RESOURCES;
        }
        return CudaStatus.LAUNCH_FAILED;
    }

    private static String describe(CudaStatus status, Throwable thrown) {
        if (status.equals(CudaStatus.MISALIGNED_ADDRESS)) {
            return "misaligned address in shared, local or parameter memory";
        }
        if (status.equals(CudaStatus.ILLEGAL_ADDRESS)) {
            return "illegal address in shared, local or parameter memory";
        }
        if (thrown instanceof StackOverflowError) {
            return "call stack overflow";
        }
        return String.valueOf(thrown);
    }

    /** Misaligned word addresses become indexes that no other address has: see the compiler's Place. */
    private static boolean isMisaligned(Throwable thrown) {
        Matcher matcher = INDEX.matcher(String.valueOf(thrown.getMessage()));
        if (!matcher.matches()) {
            return false;
        }
        long index = Long.parseLong(matcher.group(1));
        return index >= 0x0800_0000L || index < -0x2000_0000L;
    }

    private static String line(Throwable thrown) {
        for (StackTraceElement element : thrown.getStackTrace()) {
            if (element.getClassName().startsWith(GENERATED) && element.getLineNumber() > 0) {
                return ", PTX line " + element.getLineNumber();
            }
        }
        return "";
    }
}
