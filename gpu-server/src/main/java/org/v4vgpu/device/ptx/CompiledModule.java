package org.v4vgpu.device.ptx;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** A PTX module as JVM code, without the state of any context. Immutable, safe for any thread, shareable between sessions. */
public final class CompiledModule {
    private CompiledModule() {}

    /**
     * Parses and compiles PTX text.
     *
     * @throws DeviceException INVALID_PTX or UNSUPPORTED_PTX_VERSION, with line, instruction and reason as its message
     */
    public static CompiledModule compile(String ptx) throws DeviceException {
        throw new DeviceException(CudaStatus.INVALID_PTX, "line 1: not compiled");
    }

    /** Makes the module's variables in a context's memory and binds its kernels to them. */
    public LoadedModule load(GlobalMemory memory) throws DeviceException {
        return new LoadedModule();
    }
}
