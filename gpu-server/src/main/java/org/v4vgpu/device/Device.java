package org.v4vgpu.device;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** One GPU. Safe for any thread. */
public interface Device extends AutoCloseable {
    /** Name, identity, size and attributes: constant over the device's life. */
    DeviceDescription description();

    /** What the device's kernels have done so far, what took most time first; empty where it does not count. */
    default List<KernelStatistics> kernelStatistics() {
        return List.of();
    }

    /** Device memory in use by all contexts, in bytes. */
    long usedBytes();

    /**
     * Creates a context. It belongs to the caller, who closes it.
     *
     * <p>Source: cuCtxCreate.
     */
    DeviceContext createContext(int flags) throws DeviceException;

    /**
     * Says that the chunks of many copies will lie in this host memory, so that the device can prepare it for that (a GPU's DMA). It stays
     * mapped until the region is closed. What a device makes of it changes nothing but speed.
     *
     * <p>Source: cuMemHostRegister.
     */
    default DeviceRegion register(MemorySegment memory) {
        return DeviceRegion.NONE;
    }

    /** Closes the device and every context that is still open. */
    @Override
    void close();
}
