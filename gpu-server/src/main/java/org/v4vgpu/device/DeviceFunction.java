package org.v4vgpu.device;

import java.util.List;
import java.util.Map;
import org.v4vgpu.proto.CudaStatus;

/** A kernel of a loaded module. Safe for any thread. */
public interface DeviceFunction {
    String name();

    /** The layout of a launch's parameter bytes, in order. */
    List<Parameter> parameters();

    /** CUfunction_attribute to its value. Source: cuFuncGetAttribute. */
    Map<Integer, Integer> attributes();

    /**
     * Sets how much dynamic shared memory launches from now on may ask for, which is the function's attribute from then on. Source:
     * cuFuncSetAttribute of CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
     *
     * @throws DeviceException INVALID_VALUE if that and the function's static shared memory exceed the device's
     *     CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
     */
    default void setMaxDynamicShared(int bytes) throws DeviceException {
        throw new DeviceException(
                CudaStatus.NOT_SUPPORTED, "the dynamic shared memory of " + name() + " can't be set on this device");
    }

    /** Device memory that the next launch may take of the context besides its parameters, such as the heap of malloc; 0 if that is none. */
    default long launchBytes() {
        return 0;
    }

    /**
     * Where a parameter lies.
     *
     * @param offset where the parameter begins in the parameter bytes
     */
    record Parameter(int offset, int bytes) {}
}
