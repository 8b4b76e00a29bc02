package org.v4vgpu.server.session;

import org.v4vgpu.device.DeviceException;

/** Something on the device that a lane waits for in ticks, so that it can look after its client between them. */
@FunctionalInterface
interface Waitable {
    /** Returns false after {@code timeoutNanos} without. */
    boolean await(long timeoutNanos) throws DeviceException;
}
