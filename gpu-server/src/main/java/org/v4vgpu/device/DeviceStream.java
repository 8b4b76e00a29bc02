package org.v4vgpu.device;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.proto.CudaStatus;

/**
 * A queue of work in a context. Safe for any thread; what one thread enqueues keeps its order. Enqueuing never blocks, so that who
 * enqueues can settle the order first and wait afterwards: once a stream holds more than its capacity (1024 unfinished operations),
 * whoever has enqueued calls {@link #awaitSpace} before the next operation.
 *
 * <p>Arguments are checked when work is enqueued (ranges against live allocations, launch limits); what a kernel does wrong
 * shows at a later call.
 */
public interface DeviceStream extends AutoCloseable {
    /**
     * Enqueues a copy from the host. The stream holds at this point until the copy is closed.
     *
     * @throws DeviceException INVALID_VALUE if the range is not inside one live allocation
     */
    DeviceCopy copyIn(long destination, long bytes) throws DeviceException;

    /** Enqueues a copy to the host. As {@link #copyIn}. */
    DeviceCopy copyOut(long source, long bytes) throws DeviceException;

    /** Enqueues a copy within the device. Source: cuMemcpyDtoDAsync. */
    void copy(long destination, long source, long bytes) throws DeviceException;

    /**
     * Enqueues a copy of rows between the device and host memory that stays where it is until the copy is done: the bytes move when
     * the stream comes there, and nobody waits for that. Source: cuMemcpyHtoDAsync, cuMemcpyDtoHAsync and cuMemcpy2DAsync with
     * pinned memory.
     *
     * @return false if the device has no such copies: nothing was enqueued, and {@link #copyIn} and {@link #copyOut} do the same for
     *     a caller that waits
     * @throws DeviceException INVALID_VALUE if the rows are not inside one live allocation
     */
    default boolean copy(HostRows rows) throws DeviceException {
        return false;
    }

    /**
     * Enqueues a copy between two contexts, which may be of two devices. Memory that is freed meanwhile stays until it is done. A context
     * that is closed meanwhile stays as well, if the copy has begun; if not, the copy's own context breaks when its turn comes. Source: cuMemcpyPeerAsync.
     *
     * @return false if the device can't reach the two: nothing was enqueued
     * @throws DeviceException INVALID_VALUE if a range is not inside one live allocation of its context
     */
    default boolean copy(DeviceContext to, long destination, DeviceContext from, long source, long bytes)
            throws DeviceException {
        return false;
    }

    /** Enqueues a fill with elements of 1, 2 or 4 bytes. Source: cuMemsetD8Async, cuMemsetD16Async, cuMemsetD32Async. */
    void fill(long destination, int elementBytes, int value, long elements) throws DeviceException;

    /**
     * Enqueues a launch. The parameters are copied before this returns.
     *
     * <p>Source: cuLaunchKernel. INVALID_VALUE for a shape that the device never runs or too few parameter bytes,
     * LAUNCH_OUT_OF_RESOURCES for one that this kernel can't have.
     */
    void launch(DeviceFunction function, LaunchShape shape, MemorySegment parameters) throws DeviceException;

    /**
     * As {@link #launch}, for a kernel whose blocks wait for each other. Source: cuLaunchCooperativeKernel.
     *
     * @throws DeviceException also CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE (720) if the blocks can't all be there at a time;
     *     NOT_SUPPORTED on a device whose CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH is 0
     */
    default void launchCooperatively(DeviceFunction function, LaunchShape shape, MemorySegment parameters)
            throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_SUPPORTED, "cooperative launches on this device");
    }

    /** Records the event when all work before is done. Source: cuEventRecord. */
    void record(DeviceEvent event) throws DeviceException;

    /** Work enqueued later waits for the event's latest record. Source: cuStreamWaitEvent. */
    void waitFor(DeviceEvent event) throws DeviceException;

    /** How many operations are enqueued and not done. */
    int unfinished();

    /**
     * Enqueues a point at which the stream waits for the host. Source: cuLaunchHostFunc.
     *
     * @param reached runs once when the stream comes there, on whichever thread finds that out; must not block or call the
     *     device. It does not run in a context that breaks before: who waits asks {@link DeviceHold#isReached()} as well
     */
    DeviceHold hold(Runnable reached) throws DeviceException;

    /**
     * Waits until the stream holds no more than its capacity.
     *
     * @return false if that did not happen within {@code timeoutNanos}
     */
    boolean awaitSpace(long timeoutNanos) throws DeviceException;

    /** Whether everything that was enqueued is done. Source: cuStreamQuery. */
    boolean isIdle() throws DeviceException;

    /** Everything that was enqueued in this stream so far, to be waited for. Source: cuStreamSynchronize. */
    DeviceWork enqueued() throws DeviceException;

    /** Waits for what is {@link #enqueued} now. As {@link DeviceWork#await}. */
    default boolean await(long timeoutNanos) throws DeviceException {
        return enqueued().await(timeoutNanos);
    }

    /** Destroys the stream; what is enqueued still runs. Source: cuStreamDestroy. */
    @Override
    void close();
}
