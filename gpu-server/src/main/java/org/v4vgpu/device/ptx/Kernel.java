package org.v4vgpu.device.ptx;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** A kernel bound to a context's memory. Immutable, safe for any thread: launches may run side by side. */
public final class Kernel implements DeviceFunction {
    Kernel() {}

    @Override
    public String name() {
        return "";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Map<Integer, Integer> attributes() {
        return Map.of();
    }

    /**
     * Checks a launch without running it.
     *
     * @throws DeviceException INVALID_VALUE or LAUNCH_OUT_OF_RESOURCES
     */
    public void check(LaunchShape shape, long parameterBytes) throws DeviceException {
        throw new DeviceException(CudaStatus.INVALID_VALUE, "not a launch");
    }

    /**
     * Runs the whole grid and returns when it is done. Small grids run on the calling thread, larger ones on all cores.
     *
     * @param parameters the parameter bytes, laid out as {@link #parameters} says
     * @param cancellation polled at back edges and between blocks; when it is set the launch ends with LAUNCH_TIMEOUT
     * @param output where printf writes
     * @throws DeviceException ILLEGAL_ADDRESS and its kind, with kernel, block, thread and PTX line in the message
     */
    public void run(LaunchShape shape, MemorySegment parameters, Cancellation cancellation, Appendable output)
            throws DeviceException {
        throw new DeviceException(CudaStatus.LAUNCH_FAILED, "nothing to run");
    }
}
