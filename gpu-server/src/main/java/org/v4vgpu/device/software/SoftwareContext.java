package org.v4vgpu.device.software;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceBlas;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DevicePrintout;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.device.MemoryInfo;
import org.v4vgpu.device.ptx.CompiledModule;
import org.v4vgpu.device.ptx.LoadedModule;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.device.software.StreamQueue.Order;
import org.v4vgpu.proto.CudaStatus;

/**
 * A context of the software device: its memory ({@link ContextMemory}), its work ({@link Scheduler}) and what is made in it. Safe
 * for any thread.
 */
final class SoftwareContext implements DeviceContext {
    private static final System.Logger LOG = System.getLogger(SoftwareContext.class.getName());
    private static final int NON_BLOCKING = 1;

    private final SoftwareDevice device;
    private final Appendable output;
    private final ContextMemory memory;
    private final ContextLimits limits = new ContextLimits();
    private final Scheduler scheduler;
    private final SoftwareStream defaultStream;
    private final SoftwareBlas blas = new SoftwareBlas(this);

    private SoftwareContext(SoftwareDevice device, String name, Appendable output) throws DeviceException {
        this.device = device;
        this.output = output;
        this.memory = new ContextMemory(device);
        this.scheduler = new Scheduler("v4vgpu " + name, this::release, Scheduler.CLOSE_PATIENCE_NANOS);
        this.defaultStream = new SoftwareStream(this, scheduler.open(Order.DEFAULT));
    }

    static SoftwareContext create(SoftwareDevice device, String name, Appendable output) throws DeviceException {
        return new SoftwareContext(device, name, output);
    }

    @Override
    public long allocate(long bytes) throws DeviceException {
        scheduler.requireUsable();
        return memory.allocate(bytes);
    }

    @Override
    public void free(long address) throws DeviceException {
        scheduler.requireUsable();
        memory.retire(address);
        scheduler.enqueueAfterAll(new Operation(Kind.SHORT) {
            @Override
            void run() throws DeviceException {
                memory.free(address);
            }
        });
    }

    @Override
    public boolean isFreeing(long untilNanos) {
        return scheduler.isUsable() && memory.isFreeing(untilNanos);
    }

    @Override
    public long usedBytes() {
        return memory.usedBytes();
    }

    @Override
    public MemoryInfo memoryInfo() throws DeviceException {
        scheduler.requireUsable();
        return new MemoryInfo(device.totalBytes() - device.usedBytes(), device.totalBytes());
    }

    @Override
    public long limit(int limit) throws DeviceException {
        scheduler.requireUsable();
        return limits.get(limit);
    }

    @Override
    public void setLimit(int limit, long value) throws DeviceException {
        scheduler.requireUsable();
        limits.check(limit, value);
        if (limit == ContextLimits.MALLOC_HEAP_SIZE) {
            memory.resizeHeap(Math.max(1, value));
        } else if (limit == ContextLimits.PRINTF_FIFO_SIZE && output instanceof PrintfFifo fifo) {
            fifo.limit(value);
        }
        limits.set(limit, value);
    }

    @Override
    public DeviceStream defaultStream() {
        return defaultStream;
    }

    @Override
    public DeviceStream createStream(int flags, int priority) throws DeviceException {
        scheduler.requireUsable();
        if ((flags & ~NON_BLOCKING) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "stream flags 0x" + Integer.toHexString(flags));
        }
        // Priorities are hints that a device may have only one of; ours says so in its attributes.
        return new SoftwareStream(this, scheduler.open(flags == 0 ? Order.BLOCKING : Order.NON_BLOCKING));
    }

    @Override
    public DeviceEvent createEvent(int flags) throws DeviceException {
        scheduler.requireUsable();
        return SoftwareEvent.create(this, flags);
    }

    @Override
    public DeviceModule loadModule(MemorySegment image) throws DeviceException {
        scheduler.requireUsable();
        LoadedModule loaded = memory.load(CompiledModule.compile(ModuleImage.text(image), device.checks()));
        return new SoftwareModule(this, loaded);
    }

    @Override
    public DeviceModule linkModule(List<MemorySegment> images) throws DeviceException {
        scheduler.requireUsable();
        List<String> texts = new ArrayList<>();
        for (MemorySegment image : images) {
            texts.add(ModuleImage.text(image));
        }
        LoadedModule loaded = memory.load(CompiledModule.link(texts, device.checks()));
        return new SoftwareModule(this, loaded);
    }

    @Override
    public DeviceBlas blas() {
        return blas;
    }

    @Override
    public DevicePrintout printed() {
        return output instanceof PrintfFifo fifo ? fifo.printout() : DevicePrintout.NOTHING;
    }

    @Override
    public DeviceWork enqueued() throws DeviceException {
        return scheduler.waits().enqueued();
    }

    @Override
    public void cancel() {
        scheduler.cancel();
    }

    @Override
    public void close() {
        scheduler.close();
    }

    SoftwareDevice device() {
        return device;
    }

    ContextMemory memory() {
        return memory;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    Appendable output() {
        return output;
    }

    /** Frees a module's variables after all work that was enqueued before. In a broken context they go with it. */
    void unload(LoadedModule module) {
        try {
            scheduler.enqueueAfterAll(new Operation(Kind.SHORT) {
                @Override
                void run() {
                    memory.unload(module);
                }
            });
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "module unloaded with its context: {0}", e.getMessage());
        }
    }

    private void release() {
        if (output instanceof PrintfFifo fifo) {
            fifo.close();
        }
        memory.close();
        device.forget(this);
    }
}
