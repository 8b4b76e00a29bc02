package org.v4vgpu.device.ptx;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.proto.CudaStatus;

/** A module in a context: its global and constant variables have addresses there. Safe for any thread. */
public final class LoadedModule implements AutoCloseable {
    LoadedModule() {}

    /** @throws DeviceException NOT_FOUND */
    public Kernel kernel(String name) throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_FOUND, "no kernel " + name);
    }

    /** @throws DeviceException NOT_FOUND */
    public DeviceGlobal global(String name) throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_FOUND, "no variable " + name);
    }

    /** Frees the module's variables. No kernel of it may run any more. Idempotent. */
    @Override
    public void close() {}
}
