package org.v4vgpu.device.software;

import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.device.ptx.LoadedModule;
import org.v4vgpu.proto.CudaStatus;

/** A module in a context of the software device. Safe for any thread. */
final class SoftwareModule implements DeviceModule {
    private final SoftwareContext context;
    private final LoadedModule loaded;
    private final AtomicBoolean closed = new AtomicBoolean();

    SoftwareModule(SoftwareContext context, LoadedModule loaded) {
        this.context = context;
        this.loaded = loaded;
    }

    @Override
    public DeviceFunction function(String name) throws DeviceException {
        requireOpen();
        Kernel kernel = loaded.kernel(name);
        return new SoftwareFunction(this, kernel, context.device().counters().of(kernel));
    }

    @Override
    public DeviceGlobal global(String name) throws DeviceException {
        requireOpen();
        return loaded.global(name);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            context.unload(loaded);
        }
    }

    SoftwareContext context() {
        return context;
    }

    void requireOpen() throws DeviceException {
        context.scheduler().requireUsable();
        if (closed.get()) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the module is unloaded");
        }
    }
}
