package org.v4vgpu.device;

/** A loaded module. Safe for any thread. */
public interface DeviceModule extends AutoCloseable {
    /**
     * Finds a kernel by its name. Source: cuModuleGetFunction.
     *
     * @throws DeviceException NOT_FOUND
     */
    DeviceFunction function(String name) throws DeviceException;

    /**
     * Finds a global or constant variable by its name. Source: cuModuleGetGlobal.
     *
     * @throws DeviceException NOT_FOUND
     */
    DeviceGlobal global(String name) throws DeviceException;

    /** Unloads the module, after all work that was enqueued before; does not wait for that. Source: cuModuleUnload. */
    @Override
    void close();
}
