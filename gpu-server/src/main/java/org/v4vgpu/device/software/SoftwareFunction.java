package org.v4vgpu.device.software;

import java.util.List;
import java.util.Map;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.proto.CudaStatus;

/** A kernel, the module and so the context that it belongs to, and what counts its launches. */
record SoftwareFunction(SoftwareModule module, Kernel kernel, KernelCounter counter) implements DeviceFunction {
    /** The function as one of a context's; INVALID_HANDLE if it is another's or unloaded. */
    static SoftwareFunction of(DeviceFunction function, SoftwareContext context) throws DeviceException {
        if (!(function instanceof SoftwareFunction own) || own.module.context() != context) {
            throw new DeviceException(
                    CudaStatus.INVALID_HANDLE, "function " + function.name() + " is not of this context");
        }
        own.module.requireOpen();
        return own;
    }

    @Override
    public String name() {
        return kernel.name();
    }

    @Override
    public List<Parameter> parameters() {
        return kernel.parameters();
    }

    @Override
    public Map<Integer, Integer> attributes() {
        return kernel.attributes();
    }

    @Override
    public long launchBytes() {
        return kernel.bytesToReserve();
    }

    @Override
    public void setMaxDynamicShared(int bytes) throws DeviceException {
        module.requireOpen();
        kernel.setMaxDynamicShared(bytes);
    }
}
