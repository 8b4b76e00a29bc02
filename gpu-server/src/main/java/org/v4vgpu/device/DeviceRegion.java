package org.v4vgpu.device;

/** Host memory that a device knows of, to copy from and to it without a stop. Safe for any thread. */
public interface DeviceRegion extends AutoCloseable {
    /** For a device that needs to know of none. */
    DeviceRegion NONE = () -> {};

    /** Before the memory goes. Waits for the chunk that is just copied, if there is one. Idempotent. */
    @Override
    void close();
}
