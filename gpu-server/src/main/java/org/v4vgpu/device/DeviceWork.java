package org.v4vgpu.device;

/** Work on the device that was enqueued up to some moment; what comes later does not count. Safe for any thread. */
@FunctionalInterface
public interface DeviceWork {
    /** Nothing that is still to be done. */
    DeviceWork DONE = _ -> true;

    /**
     * Waits until the work is done.
     *
     * @return false if that did not happen within {@code timeoutNanos}; the caller looks after its peer and calls again
     */
    boolean await(long timeoutNanos) throws DeviceException;
}
