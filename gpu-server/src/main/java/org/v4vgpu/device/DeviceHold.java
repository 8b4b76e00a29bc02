package org.v4vgpu.device;

/** A point in a stream where the device waits for the host, until it is closed. Safe for any thread. */
public interface DeviceHold extends AutoCloseable {
    /**
     * Whether the stream has come to this point.
     *
     * @throws DeviceException what has broken the context
     */
    boolean isReached() throws DeviceException;

    /** Lets the stream go on, or gives the point up if the stream has not come to it. Idempotent. */
    @Override
    void close();
}
