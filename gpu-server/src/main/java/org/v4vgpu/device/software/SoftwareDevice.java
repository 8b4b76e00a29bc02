package org.v4vgpu.device.software;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceDescription;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.KernelStatistics;
import org.v4vgpu.device.ptx.runtime.Checks;
import org.v4vgpu.device.ptx.runtime.HeapBudget;
import org.v4vgpu.device.software.SoftwareDeviceOptions.Check;
import org.v4vgpu.proto.CudaStatus;

/**
 * A CUDA device without a GPU: PTX kernels run on the JVM, device memory is memory of this process. Safe for any thread.
 *
 * {@snippet :
 *   try (Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
 *           DeviceContext context = device.createContext(0)) {
 *       long address = context.allocate(4096);
 *       context.defaultStream().fill(address, 4, 7, 1024);
 *   }
 * }
 */
public final class SoftwareDevice implements Device {
    /** As of CUDA 13.0, whose PTX ISA 9.0 is the newest that the compiler takes. */
    private static final int DRIVER_VERSION = 13000;

    /** Each reserves twice the device's memory of address space. */
    private static final int MAXIMUM_CONTEXTS = 256;

    /** CU_CTX_FLAGS_MASK: scheduling hints and the like, none of which changes what this device does. */
    private static final int CONTEXT_FLAGS = 0xff;

    /** What all contexts may hold of text that nobody has taken. */
    private static final long MOST_PRINTED_BYTES = 256L << 20;

    private final SoftwareDeviceOptions options;
    private final DeviceDescription description;
    private final KernelCounters counters = new KernelCounters();
    private final HeapBudget printed = HeapBudget.ofHeap(8, MOST_PRINTED_BYTES);
    private final @Nullable LaunchWatch watch;

    // Guarded by this.
    private final Set<SoftwareContext> contexts = new HashSet<>();
    private long usedBytes;
    private int created;
    private boolean closed;

    public SoftwareDevice(SoftwareDeviceOptions options) {
        this.options = options;
        Duration limit = options.launchLimit();
        this.watch = limit == null ? null : new LaunchWatch(limit);
        int cores = HostMachine.cores();
        this.description = new DeviceDescription(
                "v4vgpu software device (" + cores + (cores == 1 ? " core)" : " cores)"),
                HostMachine.identity(),
                options.totalBytes(),
                DRIVER_VERSION,
                SoftwareAttributes.of(cores, HostMachine.clockKilohertz()));
    }

    /** Has the JVM load the compiler in the background, which the first launch would wait for. */
    public void warmUp() {
        WarmUp.begin();
    }

    @Override
    public DeviceDescription description() {
        return description;
    }

    @Override
    public synchronized long usedBytes() {
        return usedBytes;
    }

    @Override
    public List<KernelStatistics> kernelStatistics() {
        return counters.statistics();
    }

    /**
     * {@inheritDoc}
     *
     * @throws DeviceException INVALID_VALUE for unknown flags, OUT_OF_MEMORY beyond the maximum of contexts or without address
     *     space for one more
     */
    @Override
    public synchronized DeviceContext createContext(int flags) throws DeviceException {
        if (closed) {
            throw new DeviceException(CudaStatus.DEINITIALIZED, "the device is closed");
        }
        if ((flags & ~CONTEXT_FLAGS) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "context flags 0x" + Integer.toHexString(flags));
        }
        if (contexts.size() >= MAXIMUM_CONTEXTS) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, "the device has " + MAXIMUM_CONTEXTS + " contexts, its maximum");
        }
        Appendable output = options.output() == null
                ? new PrintfFifo(printed)
                : options.output().get();
        SoftwareContext context = SoftwareContext.create(this, "context " + created, output);
        created++;
        contexts.add(context);
        return context;
    }

    /** Closes every context, then the device. Idempotent. */
    @Override
    public void close() {
        List<SoftwareContext> open;
        synchronized (this) {
            closed = true;
            open = List.copyOf(contexts);
        }
        open.forEach(SoftwareContext::close);
        if (watch != null) {
            watch.close();
        }
    }

    long totalBytes() {
        return options.totalBytes();
    }

    /** Takes device memory for a context; OUT_OF_MEMORY if the contexts together hold too much. */
    synchronized void charge(long bytes) throws DeviceException {
        if (bytes > options.totalBytes() - usedBytes) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY,
                    bytes + " bytes wanted, " + usedBytes + " of the device's " + options.totalBytes() + " are in use");
        }
        usedBytes += bytes;
    }

    synchronized void refund(long bytes) {
        usedBytes -= bytes;
    }

    synchronized void forget(SoftwareContext context) {
        contexts.remove(context);
    }

    /** What ends launches that exceed the limit; null if there is none. */
    @Nullable
    LaunchWatch launchWatch() {
        return watch;
    }

    /** What modules are compiled with. */
    Checks checks() {
        return new Checks(
                options.checks().contains(Check.MEMORY), options.checks().contains(Check.RACE));
    }

    KernelCounters counters() {
        return counters;
    }
}
