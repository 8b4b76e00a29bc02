package org.v4vgpu.device.software;

import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.DeviceModule;

/** A module of a {@link SoftwareGpu}: its kernels and its variables, by their names in the PTX text. Safe for any thread. */
public final class GpuModule implements AutoCloseable {
    private final DeviceContext context;
    private final DeviceModule module;

    GpuModule(DeviceContext context, DeviceModule module) {
        this.context = context;
        this.module = module;
    }

    /** A kernel. @throws DeviceException NOT_FOUND, with the names that there are */
    public GpuFunction function(String name) throws DeviceException {
        return new GpuFunction(context, module.function(name));
    }

    /** A global or constant variable. It lives as long as the module; closing it does nothing. @throws DeviceException NOT_FOUND */
    public GpuMemory global(String name) throws DeviceException {
        DeviceGlobal global = module.global(name);
        return GpuMemory.variable(context, global.address(), global.bytes());
    }

    /** Unloads the module after what was enqueued before. Idempotent. */
    @Override
    public void close() {
        module.close();
    }
}
