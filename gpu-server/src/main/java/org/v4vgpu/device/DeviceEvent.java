package org.v4vgpu.device;

/** A mark in a stream. Safe for any thread. An event that was never recorded counts as done. */
public interface DeviceEvent extends AutoCloseable {
    /** Whether its latest record is done. Source: cuEventQuery. */
    boolean isDone() throws DeviceException;

    /** Its latest record, to be waited for; a later one does not count. Source: cuEventSynchronize. */
    DeviceWork recorded() throws DeviceException;

    /** Waits for what is {@link #recorded} now. As {@link DeviceWork#await}. */
    default boolean await(long timeoutNanos) throws DeviceException {
        return recorded().await(timeoutNanos);
    }

    /**
     * Time on the device since {@code start}, in milliseconds. Source: cuEventElapsedTime.
     *
     * @throws DeviceException INVALID_HANDLE if one was never recorded or has no timing, NOT_READY if one is not done
     */
    float elapsedMillis(DeviceEvent start) throws DeviceException;

    @Override
    void close();
}
