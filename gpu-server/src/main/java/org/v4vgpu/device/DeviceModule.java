package org.v4vgpu.device;

/** A loaded module. Safe for any thread. */
public interface DeviceModule extends AutoCloseable {
    /** @throws DeviceException NOT_FOUND. Source: cuModuleGetFunction. */
    DeviceFunction function(String name) throws DeviceException;

    /** @throws DeviceException NOT_FOUND. Source: cuModuleGetGlobal. */
    DeviceGlobal global(String name) throws DeviceException;

    /** Unloads the module, after all work that was enqueued before; does not wait for that. Source: cuModuleUnload. */
    @Override
    void close();
}
