package org.v4vgpu.device.cuda;

import java.util.List;
import java.util.Map;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** A kernel of a module on a GPU. Safe for any thread. */
final class CudaFunction implements DeviceFunction {
    // CUfunction_attribute
    private static final int MAX_THREADS_PER_BLOCK = 0;
    private static final int SHARED_SIZE_BYTES = 1;
    private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;

    // CUdevice_attribute: MAX_BLOCK_DIM_X, MAX_GRID_DIM_X; Y and Z follow
    private static final int MAX_BLOCK_DIM_X = 2;
    private static final int MAX_GRID_DIM_X = 5;

    private final CudaModule module;
    private final String name;
    private final long handle;
    private final List<Parameter> parameters;

    // SYNC: function-attributes. Replaced as a whole.
    private volatile Map<Integer, Integer> attributes;

    CudaFunction(
            CudaModule module, String name, long handle, List<Parameter> parameters, Map<Integer, Integer> attributes) {
        this.module = module;
        this.name = name;
        this.handle = handle;
        this.parameters = parameters;
        this.attributes = attributes;
    }

    /** The function as one of a context's; INVALID_HANDLE if it is another's or unloaded. */
    static CudaFunction of(DeviceFunction function, CudaContext context) throws DeviceException {
        if (!(function instanceof CudaFunction own) || own.module.context() != context) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the function is not of this context");
        }
        own.module.requireOpen();
        return own;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<Parameter> parameters() {
        return parameters;
    }

    @Override
    public Map<Integer, Integer> attributes() {
        return attributes;
    }

    @Override
    public void setMaxDynamicShared(int bytes) throws DeviceException {
        module.requireOpen();
        attributes = module.context().answer(() -> {
            DriverModules.setAttribute(handle, MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes);
            return DriverModules.attributes(handle);
        });
    }

    long handle() {
        return handle;
    }

    /** The length of the block that holds all parameters. */
    int parameterBytes() {
        return parameters.isEmpty()
                ? 0
                : parameters.getLast().offset() + parameters.getLast().bytes();
    }

    /**
     * Refuses what the driver would refuse: a launch behind a hold reaches it only after its caller has gone on.
     *
     * @throws DeviceException INVALID_VALUE, LAUNCH_OUT_OF_RESOURCES
     */
    void check(LaunchShape shape, long givenBytes) throws DeviceException {
        if (givenBytes < parameterBytes()) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "kernel " + name + " takes " + parameterBytes() + " bytes of parameters, given are " + givenBytes);
        }
        CudaDevice device = module.context().device();
        int[] grid = {shape.gridX(), shape.gridY(), shape.gridZ()};
        int[] block = {shape.blockX(), shape.blockY(), shape.blockZ()};
        for (int i = 0; i < grid.length; i++) {
            if (grid[i] <= 0
                    || grid[i] > device.attribute(MAX_GRID_DIM_X + i)
                    || block[i] <= 0
                    || block[i] > device.attribute(MAX_BLOCK_DIM_X + i)) {
                throw new DeviceException(CudaStatus.INVALID_VALUE, shape + " of kernel " + name);
            }
        }
        long dynamic = shape.sharedBytes();
        long mostDynamic = attributes.getOrDefault(MAX_DYNAMIC_SHARED_SIZE_BYTES, Integer.MAX_VALUE);
        if (dynamic < 0 || dynamic > mostDynamic) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    shape + " of kernel " + name + ", whose dynamic shared memory may be " + mostDynamic
                            + " bytes beside the static " + attributes.getOrDefault(SHARED_SIZE_BYTES, 0));
        }
        if (shape.threadsPerBlock() > attributes.getOrDefault(MAX_THREADS_PER_BLOCK, Integer.MAX_VALUE)) {
            throw new DeviceException(
                    CudaStatus.LAUNCH_OUT_OF_RESOURCES,
                    "kernel " + name + " takes " + attributes.get(MAX_THREADS_PER_BLOCK) + " threads in a block, not "
                            + shape.threadsPerBlock());
        }
    }
}
