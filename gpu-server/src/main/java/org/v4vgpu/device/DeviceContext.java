package org.v4vgpu.device;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.v4vgpu.proto.CudaStatus;

/**
 * A CUDA context: an address space with its allocations, modules, streams and events. Safe for any thread.
 *
 * <p>After a fatal fault (an illegal address and its kind) every method but {@link #close()} and {@link #cancel} throws that
 * fault's status; other contexts go on. Closing frees everything the context holds, and ends work that still runs in it.
 */
public interface DeviceContext extends AutoCloseable {
    /** Allocates device memory, at least 256-byte aligned; the address is never 0. Source: cuMemAlloc. */
    long allocate(long bytes) throws DeviceException;

    /**
     * Frees an allocation by its first address. From now on the address is invalid; the bytes are free when all work that was
     * enqueued before is done. Does not wait for that: who wants the memory back at once waits for what is {@link #enqueued}
     * first, as cuMemFree does.
     *
     * <p>Source: cuMemFree. INVALID_VALUE for anything that is not the first address of a live allocation.
     */
    void free(long address) throws DeviceException;

    /**
     * Allocates memory for work that is enqueued in a stream from now on, or ordered behind such work. Memory that was freed in the same
     * stream may be given again at once, for whatever still uses it comes before. Source: cuMemAllocAsync. A device that has no such order
     * allocates for all: earlier than the stream would have it.
     */
    default long allocate(long bytes, DeviceStream stream) throws DeviceException {
        return allocate(bytes);
    }

    /**
     * Frees an allocation when the stream comes here; from now on the address is invalid. Source: cuMemFreeAsync. What was not allocated in a
     * stream's order is freed as by {@link #free(long)}.
     */
    default void free(long address, DeviceStream stream) throws DeviceException {
        free(address);
    }

    /**
     * Whether bytes that were freed up to a moment still wait for work before they are free. Those of a broken context wait for its end, and
     * do not count.
     *
     * @param untilNanos the moment, of {@link System#nanoTime}
     */
    default boolean isFreeing(long untilNanos) {
        return false;
    }

    /** Bytes in use by this context. */
    long usedBytes();

    /** Free and total bytes of the device. Source: cuMemGetInfo. */
    MemoryInfo memoryInfo() throws DeviceException;

    /** A CUlimit's value. Source: cuCtxGetLimit. UNSUPPORTED_LIMIT for one that the device has not. */
    long limit(int limit) throws DeviceException;

    /**
     * Asks for a CUlimit. The device may grant more, which {@link #limit} tells. Source: cuCtxSetLimit. INVALID_VALUE for more
     * than it can, UNSUPPORTED_LIMIT for one that it has not.
     */
    void setLimit(int limit, long value) throws DeviceException;

    /** The legacy default stream, which orders itself with all blocking streams of the context. */
    DeviceStream defaultStream();

    /** Source: cuStreamCreateWithPriority. Flag 1 is CU_STREAM_NON_BLOCKING. */
    DeviceStream createStream(int flags, int priority) throws DeviceException;

    /** Source: cuEventCreate. Flag 1 is CU_EVENT_BLOCKING_SYNC, 2 is CU_EVENT_DISABLE_TIMING. */
    DeviceEvent createEvent(int flags) throws DeviceException;

    /**
     * Loads a module: PTX text, with or without a NUL at its end. Copies what it needs of the image.
     *
     * @throws DeviceException with status INVALID_PTX, UNSUPPORTED_PTX_VERSION, INVALID_IMAGE ... whose message is the error
     *     log: line, instruction and reason
     */
    DeviceModule loadModule(MemorySegment image) throws DeviceException;

    /**
     * Links images and loads the result. As {@link #loadModule}. Source: cuLinkAddData, cuLinkComplete.
     *
     * @param images two or more, in the order in which they were added
     */
    default DeviceModule linkModule(List<MemorySegment> images) throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_SUPPORTED, "linking several inputs on this device");
    }

    /**
     * The context's linear algebra. The first time it may take seconds, where a library has to be loaded.
     *
     * @throws DeviceException NOT_SUPPORTED, with what to do about it, if the device has none; what else is wrong with its library
     */
    default DeviceBlas blas() throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_SUPPORTED, "the device has no linear algebra");
    }

    /**
     * What printf of the context's kernels has written until now. The oldest is lost beyond CU_LIMIT_PRINTF_FIFO_SIZE. Also in a broken
     * context.
     */
    default DevicePrintout printed() {
        return DevicePrintout.NOTHING;
    }

    /** Everything that was enqueued so far, to be waited for. Source: cuCtxSynchronize. */
    DeviceWork enqueued() throws DeviceException;

    /** Waits for what is {@link #enqueued} now. As {@link DeviceWork#await}. */
    default boolean await(long timeoutNanos) throws DeviceException {
        return enqueued().await(timeoutNanos);
    }

    /** Makes running and enqueued work end soon; the context is broken from then on. Does not wait. */
    void cancel();

    /** Ends what runs, frees everything. Idempotent. */
    @Override
    void close();
}
