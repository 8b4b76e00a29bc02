package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.proto.CudaStatus;

/** A module in a context of a GPU. Safe for any thread. */
final class CudaModule implements DeviceModule {
    private static final System.Logger LOG = System.getLogger(CudaModule.class.getName());

    private final CudaContext context;
    private final long handle;
    private final long imageBytes;

    // Guarded by this.
    private final List<DeviceGlobal> globals = new ArrayList<>();
    private boolean closed;

    private CudaModule(CudaContext context, long handle, long imageBytes) {
        this.context = context;
        this.handle = handle;
        this.imageBytes = imageBytes;
    }

    static CudaModule load(CudaContext context, MemorySegment image) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment checked = CudaImage.of(image, arena);
            long handle = context.answer(() -> DriverModules.load(checked));
            if (CudaImage.mayPrint(checked)) {
                context.expectPrinting();
            }
            context.memory().count(image.byteSize());
            return new CudaModule(context, handle, image.byteSize());
        }
    }

    static CudaModule link(CudaContext context, List<MemorySegment> images) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> checked = new ArrayList<>();
            long bytes = 0;
            for (MemorySegment image : images) {
                checked.add(CudaImage.of(image, arena));
                bytes += image.byteSize();
            }
            long handle = context.answer(() -> DriverLinks.link(checked));
            if (checked.stream().anyMatch(CudaImage::mayPrint)) {
                context.expectPrinting();
            }
            context.memory().count(bytes);
            return new CudaModule(context, handle, bytes);
        }
    }

    @Override
    public DeviceFunction function(String name) throws DeviceException {
        requireOpen();
        return context.answer(() -> {
            long function = DriverModules.find(handle, name);
            return new CudaFunction(
                    this, name, function, DriverModules.parameters(function), DriverModules.attributes(function));
        });
    }

    @Override
    public DeviceGlobal global(String name) throws DeviceException {
        requireOpen();
        DeviceGlobal global = context.answer(() -> DriverModules.global(handle, name));
        synchronized (this) {
            requireOpen();
            context.memory().allow(global);
            globals.add(global);
        }
        return global;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            globals.forEach(context.memory()::forbid);
        }
        try {
            context.memory().releaseAfterAll(() -> DriverModules.unload(handle), imageBytes);
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "module unloaded with its context: {0}", e.getMessage());
        }
    }

    CudaContext context() {
        return context;
    }

    synchronized void requireOpen() throws DeviceException {
        context.requireUsable();
        if (closed) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the module is unloaded");
        }
    }
}
